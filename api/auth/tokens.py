"""Bearer tokens: JWTs signed by HS256 or ES256, made and checked. The one module that names python-jose.

A token is accepted in exactly the form that `sign` gives it, for python-jose alone takes more than that: the shape is
checked first, then the header, then the signature with one key and its one algorithm, then every claim by a strict
model. The header's `kid` chooses among the configured keys and does nothing else; `alg` must be that key's own.
Whatever is wrong, the answer is the same InvalidToken.

An ES256 signature has a twin that anyone can compute (s and n - s); both prove the same claims, hence the same record,
so revoking one token revokes both.
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
LEEWAY_SECONDS: Final = 5
"""How far the clock that signed may be ahead of the one that checks."""

_SHAPE: Final = re.compile(r"([A-Za-z0-9_-]{4,})\.([A-Za-z0-9_-]{4,})\.([A-Za-z0-9_-]{43}|[A-Za-z0-9_-]{86})", re.ASCII)
_SIGNATURE_LENGTH: Final = {"HS256": 43, "ES256": 86}
_TIME_BOUND: Final = 2**53

Text = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Time = Annotated[int, Field(ge=0, lt=_TIME_BOUND)]


class InvalidToken(Exception):
    """The token is not one that this service signed, or not valid at this time."""


class TokenClaims(BaseModel):
    """What a token says; times are seconds since 1970."""

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


class TokenVerifier:
    """Proves tokens by several keys, of one issuer and audience."""

    def __init__(self, keys: Iterable[TokenKey], issuer: str, audience: str) -> None:
        self._keys = {key.key_id: _ProvingKey(key) for key in keys}
        self._issuer = issuer
        self._audience = audience

    def verify(self, token: str, now: float) -> TokenClaims:
        """What `token` says. Raises InvalidToken, whatever the input."""
        try:
            claims = self._authentic(token)
        except Exception:
            # python-jose fails in many ways on hostile input. The cause is left out because it may quote the token.
            raise InvalidToken from None
        if not holds(claims, now):
            raise InvalidToken
        return claims

    def _authentic(self, token: str) -> TokenClaims:
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
    """A key as python-jose takes it, and the one header that its tokens have."""

    def __init__(self, key: TokenKey) -> None:
        self.algorithm = key.algorithm
        self.header = {"alg": key.algorithm, "kid": key.key_id, "typ": "JWT"}
        self.proving: Any = jwk.construct(key.proving, key.algorithm)


class TokenSigner:
    """Makes the tokens of one key, issuer and audience. Raises ConfigurationError for a key that only proves."""

    def __init__(self, key: TokenKey, issuer: str, audience: str) -> None:
        if key.signing is None:
            raise ConfigurationError(f"the key {key.key_id!r} is a public one, which cannot sign")
        self.key_id = key.key_id
        self._algorithm = key.algorithm
        self._key: Any = jwk.construct(key.signing, key.algorithm)
        self._issuer = issuer
        self._audience = audience

    def sign(self, *, name: str, jti: str, scopes: frozenset[str], issued_at: int, expires_at: int) -> str:
        """A token. Raises ValueError when it would not be accepted, being too long for example."""
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


def holds(claims: TokenClaims, now: float) -> bool:
    """Whether it is their time at `now`, in seconds since 1970."""
    return max(claims.iat, claims.nbf) <= now + LEEWAY_SECONDS and claims.exp > max(now, claims.iat)


def _decoded(part: str) -> bytes:
    """The bytes of unpadded base64url. One value has one spelling: unused bits must be zero."""
    raw = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    if urlsafe_b64encode(raw).rstrip(b"=").decode() != part:
        raise InvalidToken
    return raw


def _members(document: bytes) -> dict[str, Any]:
    """The members of a JSON object in UTF-8. Raises an exception for anything else, and for a member given twice."""
    members: dict[str, Any] = json.loads(
        document.decode("utf-8"), object_pairs_hook=_without_duplicates, parse_constant=_refused
    )
    if not isinstance(members, dict):
        raise InvalidToken
    return members


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise InvalidToken
    return members


def _refused(constant: str) -> None:
    raise InvalidToken
