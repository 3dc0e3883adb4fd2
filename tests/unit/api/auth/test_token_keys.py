"""Several keys of two algorithms: each key proves the tokens of its own `kid` and algorithm, and no others."""

import json
import re
from base64 import urlsafe_b64decode
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from api.auth.keys import TokenKey
from api.auth.tokens import InvalidToken, TokenSigner, TokenVerifier
from shared.errors import ConfigurationError
from tests.support.api.jws import encoded, signed
from tests.support.api.keys import pem_pair, point_of
from tests.support.process import ROOT

NOW = 1_780_000_000
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SECRET = "kM3v_0Tq9wXzR7hLb2NfYc8JdPsGuEaV5tHiO1nQxW4"
PRIVATE, PUBLIC = pem_pair()
OTHER_PRIVATE, OTHER_PUBLIC = pem_pair()
PARTIES = ("product-analytics", "product-analytics-api")
CLAIMS: dict[str, Any] = {
    "iss": PARTIES[0],
    "aud": PARTIES[1],
    "sub": "dashboard",
    "jti": "AAAAAAAAAAAAAAAAAAAAAA",
    "iat": NOW,
    "nbf": NOW,
    "exp": NOW + 60,
    "scope": "sales:read",
}
VERIFIER = TokenVerifier([TokenKey.from_text("old", SECRET), TokenKey.from_text("new", PUBLIC)], *PARTIES)


def issued(key: TokenKey) -> str:
    return TokenSigner(key, *PARTIES).sign(
        name="dashboard", jti=CLAIMS["jti"], scopes=frozenset({"sales:read"}), issued_at=NOW, expires_at=NOW + 60
    )


def signing_input(kid: str, algorithm: str) -> str:
    header = {"alg": algorithm, "kid": kid, "typ": "JWT"}
    return f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(CLAIMS).encode())}"


def by_secret(kid: str, algorithm: str, secret: bytes) -> str:
    return signed({"alg": algorithm, "kid": kid, "typ": "JWT"}, CLAIMS, secret)


def numbers(text: str, private: str = PRIVATE, digest: Any = SHA256) -> tuple[int, int, bytes]:
    """The numbers r and s of a signature of `text`, and its DER form."""
    key = load_pem_private_key(private.encode(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    der = key.sign(text.encode(), ec.ECDSA(digest()))
    return (*decode_dss_signature(der), der)


def by_numbers(r: int, s: int, kid: str = "new", algorithm: str = "ES256") -> str:
    return f"{signing_input(kid, algorithm)}.{encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def refused(token: str, verifier: TokenVerifier = VERIFIER) -> bool:
    try:
        verifier.verify(token, NOW)
    except InvalidToken:
        return True
    return False


TEXT = signing_input("new", "ES256")
R, S, DER = numbers(TEXT)


def test_each_key_proves_its_own_tokens() -> None:
    for key in (TokenKey.from_text("old", SECRET), TokenKey.from_text("new", PRIVATE)):
        claims = VERIFIER.verify(issued(key), NOW)
        assert claims.model_dump() == CLAIMS
    assert not refused(by_numbers(R, S))
    assert not refused(by_secret("old", "HS256", SECRET.encode()))


def test_scanners_for_secrets_can_find_tokens() -> None:
    (pattern,) = re.findall(r"`(eyJ\[.+)`\.$", (ROOT / "docs/security.md").read_text(), re.MULTILINE)
    hs256, es256 = issued(TokenKey.from_text("acme-1", SECRET)), issued(TokenKey.from_text("acme-1", PRIVATE))
    assert re.fullmatch(pattern, hs256)
    assert re.fullmatch(pattern, es256)
    assert hs256.startswith("eyJhbGciOiJIUzI1NiIsImtpZCI6ImFjbWUt")
    assert es256.startswith("eyJhbGciOiJFUzI1NiIsImtpZCI6ImFjbWUt")


def test_a_public_key_cannot_sign() -> None:
    with pytest.raises(ConfigurationError, match="public"):
        TokenSigner(TokenKey.from_text("new", PUBLIC), *PARTIES)


def test_a_key_that_is_gone_proves_nothing() -> None:
    new_only = TokenVerifier([TokenKey.from_text("new", PUBLIC)], *PARTIES)
    assert refused(issued(TokenKey.from_text("old", SECRET)), new_only)
    assert refused(issued(TokenKey.from_text("old", SECRET)), TokenVerifier([], *PARTIES))


PEM = PUBLIC.encode()


@pytest.mark.parametrize("kid", ["old", "new"])
@pytest.mark.parametrize("algorithm", ["HS256", "ES256", "none", "HS512", "RS256"])
@pytest.mark.parametrize(
    "secret",
    [PEM, PEM + b"\n", PEM.replace(b"\n", b""), b"".join(PEM.split(b"\n")[1:-1]), point_of(PUBLIC), b"", b"\0" * 32],
    ids=["PEM", "PEM and newline", "PEM in a line", "Base64 of DER", "point", "nothing", "zeros"],
)
def test_a_public_key_is_never_a_secret(kid: str, algorithm: str, secret: bytes) -> None:
    assert refused(by_secret(kid, algorithm, secret))


@pytest.mark.parametrize(
    "token",
    [
        by_numbers(0, 0),
        by_numbers(0, S),
        by_numbers(R, 0),
        by_numbers(1, 1),
        by_numbers(ORDER, S),
        by_numbers(R, ORDER),
        by_numbers(ORDER, ORDER),
        by_numbers(2**256 - 1, 2**256 - 1),
        by_numbers(S, R),
        by_numbers(R, S ^ 1),
        by_numbers(*numbers(TEXT, OTHER_PRIVATE)[:2]),
        by_numbers(*numbers(TEXT, digest=SHA384)[:2]),
        by_numbers(*numbers(signing_input("old", "ES256"))[:2], kid="old"),
        by_numbers(*numbers(signing_input("new", "ES384"))[:2], algorithm="ES384"),
        by_numbers(*numbers(signing_input("unknown", "ES256"))[:2], kid="unknown"),
        f"{TEXT}.{encoded(DER)}",
        f"{TEXT}.{encoded(DER)[:86]}",
        f"{TEXT}.{encoded(R.to_bytes(32, 'big'))}",
        f"{TEXT}.{encoded(b'')}",
        f"{TEXT}.{encoded(R.to_bytes(48, 'big') + S.to_bytes(48, 'big'))}",
        f"{TEXT}.{encoded(R.to_bytes(32, 'big') + S.to_bytes(32, 'big'))}A",
        f"{TEXT}.{encoded((R.to_bytes(32, 'big') + S.to_bytes(32, 'big'))[:32])}",
        by_secret("new", "ES256", SECRET.encode()),
        by_secret("new", "HS256", SECRET.encode()),
    ],
)
def test_no_other_signature_is_taken(token: str) -> None:
    assert refused(token)


def test_one_token_has_one_spelling_with_either_algorithm() -> None:
    """The last character of 64 bytes carries only two bits, so it has sixteen spellings: the verifier accepts one."""
    token = by_numbers(R, S)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    spellings = [token[:-1] + last for last in alphabet]
    raw = [urlsafe_b64decode(spelling.rpartition(".")[2] + "==") for spelling in spellings]
    same = [spelling for spelling, value in zip(spellings, raw, strict=True) if value == raw[spellings.index(token)]]
    assert len(same) == 16
    assert [spelling for spelling in same if not refused(spelling)] == [token]


KIDS: list[object] = [
    "../new",
    "new\u0000",
    "NEW",
    "",
    "new ",
    "/dev/null",
    "old' OR '1'='1",
    ["new"],
    None,
    {},
    1,
    True,
    "n\u0435w",
]


@pytest.mark.parametrize("kid", KIDS)
def test_a_kid_is_a_name_and_nothing_else(kid: object) -> None:
    header = encoded(json.dumps({"alg": "ES256", "kid": kid, "typ": "JWT"}).encode())
    text = f"{header}.{TEXT.partition('.')[2]}"
    r, s, _ = numbers(text)
    assert refused(f"{text}.{encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}")
