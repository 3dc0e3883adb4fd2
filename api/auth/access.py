"""The check of a token: its signature, then its record, which may have been revoked, then the client's network."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Self

from cachetools import LRUCache
from starlette.types import Scope

from api.auth.client_address import ClientAddresses
from api.auth.records import TOKENS_KEPT, Caller, TokenRecords
from api.auth.tokens import MAX_BYTES, InvalidToken, OutdatedToken, TokenClaims, TokenVerifier
from shared.errors import DatabaseUnavailable

SALES_READ: Final = "sales:read"
RATINGS_READ: Final = "ratings:read"
LIVE_READ: Final = "live:read"
ADMIN: Final = "admin"
SCOPES: Final = (SALES_READ, RATINGS_READ, LIVE_READ, ADMIN)
"""The scopes that a token may have. No scope includes another. No route needs `live:read` or `admin` yet."""


class ExpiredToken(InvalidToken):
    """The token was valid until `ended_at`, in seconds since 1970. This service made it, and nobody revoked it."""

    def __init__(self, ended_at: float) -> None:
        super().__init__()
        self.ended_at = ended_at


class WrongAddress(Exception):
    """The token is valid, but not for the network that the request comes from."""


def record_id(jti: str) -> str:
    """`_id` of a token's record: the SHA-256 of the token's `jti`, 64 hexadecimal digits.

    The `jti` itself is stored nowhere, so whoever reads the database can make no token of it.
    """
    return sha256(jti.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class _ProvenToken:
    """What is kept of a token whose signature was proven, so that this need not be done again."""

    valid_from: float
    """The first moment at which it is valid, in seconds since 1970."""
    valid_until: float
    """The first moment at which it is not any more."""
    record: str
    """`_id` of its record."""

    @classmethod
    def of(cls, claims: TokenClaims) -> Self:
        """What to keep of a token with these claims."""
        return cls(*claims.life, record_id(claims.jti))


class Access:
    """Turns tokens into callers.

    `clock` gives UTC milliseconds. `used` is called with the record's `_id` of every token that is accepted.

    The signature of a token is checked once. After that the token is found by the SHA-256 of its whole text, which
    covers header, claims and signature: a text is kept only after it was found to be the one spelling of all three. A
    digest of the claims alone would let in whoever copies the claims under a forged signature.

    What is kept says that a token is authentic, never that it is still valid: each request compares the times and looks
    at the record, and a token that has expired or was revoked is dropped.
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
        self._proven: LRUCache[bytes, _ProvenToken] = LRUCache(TOKENS_KEPT)
        """By the SHA-256 of the token's text."""

    def use_keys(self, verifier: TokenVerifier) -> None:
        """Prove tokens by the keys of `verifier` from now on. Forgets which tokens the former keys proved."""
        self._verifier = verifier
        self._proven = LRUCache(TOKENS_KEPT)

    async def caller(self, token: str, scope: Scope) -> Caller:
        """The caller that bears `token` in the request of `scope`.

        Raises InvalidToken; ExpiredToken; WrongAddress; and DatabaseUnavailable when the token's record must be read
        and cannot be.
        """
        now = self._clock() / 1000
        key, proven = self._authentic(token, now)
        if now >= proven.valid_until:
            self._proven.pop(key, None)
            raise await self._over(proven, scope, now)
        kept = self._records.kept(proven.record, now)
        caller = await self._records.read(proven.record) if kept is None else kept.caller
        if caller is None or caller.ends_at <= now:
            self._proven.pop(key, None)
            raise InvalidToken if caller is None else await self._over(proven, scope, now)
        if caller.networks is not None and not caller.may_come_from(self._addresses.of(scope)):
            raise WrongAddress
        self._used(proven.record)
        return caller

    def _authentic(self, token: str, now: float) -> tuple[bytes, _ProvenToken]:
        """Check that we signed the token, and that its time has begun at `now` (seconds since 1970). It may be over.

        Returns the token's key in `_proven`, and what is kept there. Raises InvalidToken.
        """
        if len(token) > MAX_BYTES:
            raise InvalidToken
        key = sha256(token.encode()).digest()
        proven = self._proven.get(key)
        if proven is None:
            try:
                proven = self._proven[key] = _ProvenToken.of(self._verifier.verify(token, now))
            except OutdatedToken as outdated:
                proven = _ProvenToken.of(outdated.claims)
        elif now < proven.valid_from:
            self._proven.pop(key, None)
            raise InvalidToken
        return key, proven

    async def _over(self, proven: _ProvenToken, scope: Scope, now: float) -> ExpiredToken | InvalidToken:
        """What to raise for a token that we signed and whose time is over.

        It is ExpiredToken for one that would be valid otherwise: whoever may have stolen one that was revoked, or that
        may not be used from this address, learns nothing. Nor does anybody while MongoDB is away.
        """
        try:
            kept = self._records.kept(proven.record, now)
            caller = await self._records.read(proven.record) if kept is None else kept.caller
        except DatabaseUnavailable:
            return InvalidToken()
        if caller is None or not (caller.networks is None or caller.may_come_from(self._addresses.of(scope))):
            return InvalidToken()
        return ExpiredToken(min(proven.valid_until, caller.ends_at))
