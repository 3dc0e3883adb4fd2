"""Who asks: a token's signature, then its record, which can be revoked, then where the request comes from."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cachetools import LRUCache
from starlette.types import Scope

from api.auth.client_address import ClientAddresses
from api.auth.records import TOKENS_KEPT, Caller, TokenRecords
from api.auth.tokens import MAX_BYTES, InvalidToken, TokenClaims, TokenVerifier, holds

SALES_READ: Final = "sales:read"
RATINGS_READ: Final = "ratings:read"
LIVE_READ: Final = "live:read"
ADMIN: Final = "admin"
SCOPES: Final = (SALES_READ, RATINGS_READ, LIVE_READ, ADMIN)
"""None includes another. No address asks for the last two yet."""


class WrongAddress(Exception):
    """The token is valid, but not from where the request comes."""


def record_id(jti: str) -> str:
    """`_id` of a token's record. The `jti` itself is stored nowhere."""
    return sha256(jti.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _Proven:
    """A token that was found authentic."""

    claims: TokenClaims
    record: str
    """Digest of its `jti`."""


class Access:
    """Turns tokens into callers. `clock` gives UTC milliseconds; `used` is told of every accepted token.

    A token seen before costs no signature check: it is found by the SHA-256 of its whole text. That is the digest of
    header, claims and signature together, for a text gets here only after it was found to be the one spelling of all
    three; the claims' digest alone would let in whoever copies the claims under a forged signature. What is kept says
    that a token is authentic, never that it still holds: time and record are looked at on each request, and one that
    expired or was revoked is forgotten.
    """

    def __init__(
        self,
        verifier: TokenVerifier,
        records: TokenRecords,
        addresses: ClientAddresses,
        clock: Callable[[], int],
        used: Callable[[str], None],
    ) -> None:
        self._verifier = verifier
        self._records = records
        self._addresses = addresses
        self._clock = clock
        self._used = used
        self._proven: LRUCache[bytes, _Proven] = LRUCache(TOKENS_KEPT)

    def use_keys(self, verifier: TokenVerifier) -> None:
        """From now on these keys prove tokens; what others proved is forgotten."""
        self._verifier = verifier
        self._proven = LRUCache(TOKENS_KEPT)

    async def caller(self, token: str, scope: Scope) -> Caller:
        """The bearer of `token` in a request. Raises InvalidToken, WrongAddress, or StoreUnavailable when its record
        cannot be read."""
        now = self._clock() / 1000
        key, record = self._authentic(token, now)
        believed = self._records.believed(record, now)
        caller = await self._records.read(record) if believed is None else believed.caller
        if caller is None or caller.ends_at <= now:
            self._proven.pop(key, None)
            raise InvalidToken
        if caller.networks is not None and not caller.may_come_from(self._addresses.of(scope)):
            raise WrongAddress
        self._used(record)
        return caller

    def _authentic(self, token: str, now: float) -> tuple[bytes, str]:
        """Digests of a token that is authentic and holds at this time, and of its `jti`. Raises InvalidToken."""
        if len(token) > MAX_BYTES:
            raise InvalidToken
        key = sha256(token.encode()).digest()
        proven = self._proven.get(key)
        if proven is None:
            claims = self._verifier.verify(token, now)
            proven = _Proven(claims, record_id(claims.jti))
            self._proven[key] = proven
        elif not holds(proven.claims, now):
            self._proven.pop(key, None)
            raise InvalidToken
        return key, proven.record
