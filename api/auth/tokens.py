"""Bearer tokens: makes and proves JWTs signed by HS256 or ES256. The one module that imports python-jose (ADR 4).

A token is accepted in exactly the form that `TokenSigner.sign` gives it; python-jose alone accepts more than that. So
`TokenVerifier` checks a token in four steps. python-jose does the third, and gets only what has passed the first two:

    1. shape      three parts of base64url, each in its one spelling, at most 1024 bytes
    2. header     exactly `alg`, `kid` and `typ`; the `kid` chooses among the configured keys and does nothing else, and
                  `alg` must be that key's
    3. signature  by that one key and its one algorithm
    4. claims     exactly the eight of `TokenClaims`, strictly typed; our issuer and audience; valid at this time

Whatever is wrong, the verifier raises the same InvalidToken. Only of a token that passed all steps, and whose time is
over, it says so (OutdatedToken): its signature shows that whoever sent it got it from us.

Anyone can compute a second valid signature from an ES256 token's (s and n - s). Both tokens have the same claims, hence
the same record, so revoking the one revokes the other.
"""

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable
from typing import Annotated, Any, Final

from jose import jwk, jws
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.auth.keys import TokenKey
from shared.errors import ConfigurationError

MAX_BYTES: Final = 1024
"""Longest token. `scripts.tokens` makes tokens of 354 to 726 bytes, the longest by a name of 64 emojis, so half would
be too short; twice as long would double what a stranger can make an instance hash and parse."""

LEEWAY_SECONDS: Final = 5
"""How far the clock of the machine that signed may be ahead of ours. Clocks that are kept in step differ by less, so
half would mostly do; twice as much would hide a clock that is wrong. A token can be used that much before its time."""

_SHAPE: Final = re.compile(r"([A-Za-z0-9_-]{4,})\.([A-Za-z0-9_-]{4,})\.([A-Za-z0-9_-]{43}|[A-Za-z0-9_-]{86})", re.ASCII)
_SIGNATURE_LENGTH: Final = {"HS256": 43, "ES256": 86}
"""Characters of base64url: 32 bytes of HMAC-SHA-256, or r and s of 32 bytes each."""
_TIME_BOUND: Final = 2**53
"""Up to here every JSON library reads a whole number exactly, a float being able to hold it."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Time = Annotated[int, Field(ge=0, lt=_TIME_BOUND)]


class InvalidToken(Exception):
    """This service did not sign the token, or the token is not valid at this time."""


class OutdatedToken(InvalidToken):
    """This service signed the token, for a time that is over. `claims` are what it says."""

    def __init__(self, claims: "TokenClaims") -> None:
        super().__init__()
        self.claims = claims


class TokenClaims(BaseModel):
    """What a token says. Times are in seconds since 1970. A further claim, or a claim of another type, is an error."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    iss: Text
    aud: Text
    sub: Text
    jti: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{22,64}$")]
    iat: Time
    nbf: Time
    exp: Time
    scope: Annotated[str, StringConstraints(max_length=256, pattern=r"^([a-z]+(:[a-z]+)?( [a-z]+(:[a-z]+)?)*)?$")]

    @property
    def scopes(self) -> frozenset[str]:
        """The scopes, one by one."""
        return frozenset(self.scope.split())

    @property
    def life(self) -> tuple[float, float]:
        """The first moment at which the token is valid, and the first at which it is not any more.

        A token issued at 1000 that expires at 1060 is valid from 995, which is its issue less the leeway, to before
        1060. A token that expires at its issue or before is never valid.
        """
        start = max(self.iat, self.nbf) - LEEWAY_SECONDS
        return start, self.exp if self.exp > self.iat else start


class TokenVerifier:
    """Proves tokens by several keys, of one issuer and one audience."""

    def __init__(self, keys: Iterable[TokenKey], issuer: str, audience: str) -> None:
        self._keys = {key.key_id: _ProvingKey(key) for key in keys}
        self._issuer = issuer
        self._audience = audience

    def verify(self, token: str, now: float) -> TokenClaims:
        """What `token` says, if it is valid at `now` (seconds since 1970). Raises InvalidToken, whatever the input.

        It is an OutdatedToken if nothing but its end is wrong.
        """
        try:
            claims = self._authentic(token)
        except Exception:
            # python-jose raises many kinds of exceptions for hostile input. The cause, which may quote the token, is
            # left out.
            raise InvalidToken from None
        start, end = claims.life
        if now >= end > start:
            raise OutdatedToken(claims)
        if not start <= now < end:
            raise InvalidToken
        return claims

    def _authentic(self, token: str) -> TokenClaims:
        """The claims of a token that we signed, at whatever time. Raises exceptions of many kinds for any other."""
        shape = _SHAPE.fullmatch(token) if len(token) <= MAX_BYTES else None
        if shape is None:
            raise InvalidToken
        header, _, _ = (_decoded(part) for part in shape.groups())
        members = _members(header)
        key = self._keys[members["kid"]]
        if members != key.header or len(shape[3]) != _SIGNATURE_LENGTH[key.algorithm]:
            raise InvalidToken
        payload = jws.verify(token, key.proving, algorithms=[key.algorithm])
        claims = TokenClaims.model_validate(_members(payload))
        if (claims.iss, claims.aud) != (self._issuer, self._audience):
            raise InvalidToken
        return claims


class _ProvingKey:
    """A key in the form that python-jose takes, and the one header that the key's tokens have."""

    def __init__(self, key: TokenKey) -> None:
        self.algorithm = key.algorithm
        self.header = {"alg": key.algorithm, "kid": key.key_id, "typ": "JWT"}
        self.proving: Any = jwk.construct(key.proving, key.algorithm)


class TokenSigner:
    """Makes the tokens of one key, issuer and audience. Raises ConfigurationError for a public key: it cannot sign."""

    def __init__(self, key: TokenKey, issuer: str, audience: str) -> None:
        if key.signing is None:
            raise ConfigurationError(f"the key {key.key_id!r} is a public key, which cannot sign")
        self.key_id = key.key_id
        self._algorithm = key.algorithm
        self._key: Any = jwk.construct(key.signing, key.algorithm)
        self._issuer = issuer
        self._audience = audience

    def sign(self, *, name: str, jti: str, scopes: frozenset[str], issued_at: int, expires_at: int) -> str:
        """A token that is valid from `issued_at` until `expires_at`, in seconds since 1970.

        Raises ValueError when `TokenVerifier` would not accept it, because it is too long for example.
        """
        claims = TokenClaims(
            iss=self._issuer,
            aud=self._audience,
            sub=name,
            jti=jti,
            iat=issued_at,
            nbf=issued_at,
            exp=expires_at,
            scope=" ".join(sorted(scopes)),
        )
        payload = claims.model_dump_json().encode()
        token: str = jws.sign(payload, self._key, headers={"kid": self.key_id}, algorithm=self._algorithm)
        if len(token) > MAX_BYTES:
            raise ValueError(f"the token would have {len(token)} bytes, {MAX_BYTES} are the most: shorten its name")
        return token


def _decoded(part: str) -> bytes:
    """The bytes of unpadded base64url. Raises InvalidToken for a second spelling of the same bytes.

    `QQ` and `QR` both decode to `A`, because the last four bits are unused. These bits must be zero, so only `QQ` is
    accepted.
    """
    raw = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if urlsafe_b64encode(raw).rstrip(b"=").decode() != part:
        raise InvalidToken
    return raw


def _members(document: bytes) -> dict[str, Any]:
    """The members of a JSON object in UTF-8. Raises an exception for anything else, and for a member given twice."""
    members: dict[str, Any] = json.loads(
        document.decode("utf-8"), object_pairs_hook=_without_duplicates, parse_constant=_raise_invalid
    )
    if not isinstance(members, dict):
        raise InvalidToken
    return members


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise InvalidToken
    return members


def _raise_invalid(constant: str) -> None:
    """For NaN and the infinities, which Python's parser takes and JSON does not have."""
    raise InvalidToken
