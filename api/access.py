"""Who asks: a token's signature, then its record, which can be revoked."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, Self

from api.batching import BatchingReader
from api.caches import BoundedCache
from api.store import Store
from api.tokens import Claims, InvalidToken, TokenSigner, check_time
from shared.documents import API_TOKENS, Document

SALES_READ: Final = "sales:read"
RATINGS_READ: Final = "ratings:read"
SCOPES: Final = (SALES_READ, RATINGS_READ)

RECORD_SECONDS: Final = 4.0
"""How long a record is believed: a revocation takes effect within five seconds."""

_TOKENS_KEPT: Final = 10_000


def digest(jti: str) -> str:
    """`_id` of a token's record. The `jti` itself is stored nowhere."""
    return sha256(jti.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Caller:
    """The bearer of a valid token."""

    token: str
    """Digest of the token's `jti`."""
    scopes: frozenset[str]
    products: frozenset[int] | None
    """The products that the token is for; None: all."""
    expires_at: datetime

    @classmethod
    def of(cls, record: Document) -> Self:
        """The bearer that a record of `api_tokens` describes."""
        products = record["products"]
        return cls(
            token=record["_id"],
            scopes=frozenset(record["scopes"]),
            products=None if products is None else frozenset(products),
            expires_at=record["expires_at"],
        )

    def may_read(self, product: int | None) -> bool:
        """Whether the token is for this product, or for all of them."""
        return self.products is None or product in self.products


class Access:
    """Turns tokens into callers. `clock` gives UTC milliseconds; `used` is told of every accepted token."""

    def __init__(
        self, signer: TokenSigner, store: Store, clock: Callable[[], int], deadline: float, used: Callable[[str], None]
    ) -> None:
        self._signer = signer
        self._store = store
        self._clock = clock
        self._used = used
        self._records = BatchingReader(self._read, limit=200, deadline=deadline)
        # Keyed by the digest of the whole text of a token that was found authentic: no other text matches.
        self._authentic: BoundedCache[bytes, Claims] = BoundedCache(_TOKENS_KEPT)
        self._callers: BoundedCache[str, tuple[float, Caller]] = BoundedCache(_TOKENS_KEPT)

    async def caller(self, token: str) -> Caller:
        """The bearer of `token`. Raises InvalidToken, or StoreUnavailable when its record cannot be read."""
        now = self._clock() / 1000
        claims = self._claims(token, now)
        key = digest(claims.jti)
        caller = self._recent(key) or await self._records.read(key)
        if caller is None or caller.expires_at <= datetime.fromtimestamp(now, UTC):
            raise InvalidToken
        self._used(key)
        return caller

    def _claims(self, token: str, now: float) -> Claims:
        key = sha256(token.encode()).digest()
        claims = self._authentic.get(key)
        if claims is None:
            claims = self._signer.verify(token, now)
            self._authentic.put(key, claims)
        check_time(claims, now)
        return claims

    def _recent(self, key: str) -> Caller | None:
        read_at, caller = self._callers.get(key) or (float("-inf"), None)
        return caller if time.monotonic() - read_at < RECORD_SECONDS else None

    async def _read(self, keys: Sequence[str]) -> dict[str, Caller | None]:
        asked_at = time.monotonic()
        pipeline = [{"$match": {"_id": {"$in": list(keys)}, "revoked_at": None}}]
        rows = await self._store.aggregate("tokens", API_TOKENS, pipeline)
        callers = {row["_id"]: Caller.of(row) for row in rows}
        for key, caller in callers.items():
            self._callers.put(key, (asked_at, caller))
        return {key: callers.get(key) for key in keys}
