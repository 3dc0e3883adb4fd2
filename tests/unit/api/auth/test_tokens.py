"""Tokens: a verifier accepts what the signer makes, and refuses every other text."""

import json
from base64 import urlsafe_b64decode
from hashlib import sha256, sha384, sha512
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jose import jwt

from api.auth.keys import TokenKey
from api.auth.tokens import MAX_BYTES, InvalidToken, TokenSigner, TokenVerifier
from tests.support.api import jws
from tests.support.api.jws import encoded

SECRET = b"kM3v_0Tq9wXzR7hLb2NfYc8JdPsGuEaV5tHiO1nQxW4"
KEY = TokenKey.from_text("main", SECRET.decode())
PARTIES = ("product-analytics", "product-analytics-api")
SIGNER, VERIFIER = TokenSigner(KEY, *PARTIES), TokenVerifier([KEY], *PARTIES)
NOW = 1_780_000_000
HEADER = {"alg": "HS256", "kid": "main", "typ": "JWT"}
CLAIMS: dict[str, Any] = {
    "iss": "product-analytics",
    "aud": "product-analytics-api",
    "sub": "dashboard",
    "jti": "AAAAAAAAAAAAAAAAAAAAAA",
    "iat": NOW,
    "nbf": NOW,
    "exp": NOW + 60,
    "scope": "ratings:read sales:read",
}


def signed(header: object, claims: object, secret: bytes = SECRET, digest: Any = sha256) -> str:
    """A token of any header and claims, rightly signed: by our secret unless another is given."""
    return jws.signed(header, claims, secret, digest)


def changed(name: str, *values: object) -> list[dict[str, Any]]:
    """The claims with `name` replaced, once for each of `values`."""
    return [CLAIMS | {name: value} for value in values]


GOOD = signed(HEADER, CLAIMS)


def refused(token: str, now: float = NOW) -> bool:
    try:
        VERIFIER.verify(token, now)
    except InvalidToken:
        return True
    return False


def test_what_it_signs_it_accepts() -> None:
    token = SIGNER.sign(
        name="dashboard",
        jti=CLAIMS["jti"],
        scopes=frozenset({"sales:read", "ratings:read"}),
        issued_at=NOW,
        expires_at=NOW + 60,
    )
    claims = VERIFIER.verify(token, NOW)
    assert claims.model_dump() == CLAIMS
    assert claims.scopes == {"sales:read", "ratings:read"}
    assert jwt.get_unverified_header(token) == HEADER
    assert VERIFIER.verify(GOOD, NOW) == claims


def test_a_token_too_long_to_be_accepted_is_not_signed() -> None:
    with pytest.raises(ValueError, match="at most 128"):
        SIGNER.sign(name="n" * 129, jti=CLAIMS["jti"], scopes=frozenset(), issued_at=NOW, expires_at=NOW + 60)
    long = "\N{GRINNING FACE}" * 128
    signer = TokenSigner(KEY, long, "audience")
    with pytest.raises(ValueError, match="1024"):
        signer.sign(name=long, jti=CLAIMS["jti"], scopes=frozenset(), issued_at=NOW, expires_at=NOW + 60)


@pytest.mark.parametrize(("now", "accepted"), [(-5.5, False), (-5, True), (0, True), (59.99, True), (60, False)])
def test_it_holds_from_its_issue_to_its_expiry(now: float, accepted: bool) -> None:
    assert refused(GOOD, NOW + now) is not accepted


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none", "kid": "main", "typ": "JWT"},
        {"alg": "None", "kid": "main", "typ": "JWT"},
        {"alg": "HS384", "kid": "main", "typ": "JWT"},
        {"alg": "ES256", "kid": "main", "typ": "JWT"},
        {"alg": "hs256", "kid": "main", "typ": "JWT"},
        {"alg": ["HS256"], "kid": "main", "typ": "JWT"},
        {"alg": "HS256", "typ": "JWT"},
        {"alg": "HS256", "kid": "other", "typ": "JWT"},
        {"alg": "HS256", "kid": "../../dev/null", "typ": "JWT"},
        {"alg": "HS256", "kid": "main' OR 1=1", "typ": "JWT"},
        {"alg": "HS256", "kid": None, "typ": "JWT"},
        {"alg": "HS256", "kid": "main"},
        {"alg": "HS256", "kid": "main", "typ": "jwt"},
        HEADER | {"crit": ["exp"]},
        HEADER | {"crit": []},
        HEADER | {"b64": False, "crit": ["b64"]},
        HEADER | {"jwk": {"kty": "oct", "k": encoded(SECRET)}},
        HEADER | {"jku": "https://attacker.example/keys"},
        HEADER | {"x5u": "https://attacker.example/cert"},
        HEADER | {"x5c": ["MIIB"]},
        HEADER | {"cty": "JWT"},
        [],
        "HS256",
        None,
        b"",
        b"\xff\xfe",
        b'{"alg": "HS256", "kid": "main", "typ": "JWT", "typ": "JWT"}',
        b'{"alg": "none", "alg": "HS256", "kid": "main", "typ": "JWT"}',
        b'\xef\xbb\xbf{"alg": "HS256", "kid": "main", "typ": "JWT"}',
        b'{"alg": "HS256", "kid": "main", "typ": "JWT"} x',
        '{"alg": "HS256", "kid": "main", "typ": "JWT"}'.encode("utf-16"),
    ],
    ids=repr,
)
def test_any_other_header_is_refused(header: object) -> None:
    assert refused(signed(header, CLAIMS))


@pytest.mark.parametrize(
    "claims",
    [
        *changed("exp", "1900000000", None, True, 1.9e9, -1, 2**63, 10**30, [], {}, NOW),
        *changed("nbf", NOW + 6, str(NOW), None, 0.5, False),
        *changed("iat", NOW + 6, NOW + 60, None, "now"),
        *changed("iss", "other", "", None, ["product-analytics"], 1),
        *changed("aud", "other", ["product-analytics-api"], None, {"$ne": ""}),
        *changed("jti", "", "short", "A" * 65, {"$gt": ""}, 5, "AAAAAAAAAAAAAAAAAAAAA\n", None),
        *changed("scope", ["sales:read"], None, "*", "sales:read ", "SALES:READ", {}),
        *changed("sub", "", None, 1, "n" * 129),
        *({name: value for name, value in CLAIMS.items() if name != left_out} for left_out in CLAIMS),
        CLAIMS | {"admin": True},
        [CLAIMS],
        json.dumps(CLAIMS),
        None,
        b"",
        json.dumps(CLAIMS).encode()[:-1] + b', "exp": 1900000000}',
        json.dumps(CLAIMS).encode().replace(b"1780000060", b"1e400"),
        json.dumps(CLAIMS).encode().replace(b"1780000060", b"NaN"),
        json.dumps(CLAIMS).encode().replace(b"1780000060", b"Infinity"),
        json.dumps(CLAIMS).encode().replace(b"1780000060", b"1780000060.0"),
        json.dumps(CLAIMS).encode() + b"{}",
        json.dumps(CLAIMS).encode("utf-16"),
        json.dumps(CLAIMS).encode().replace(b"dashboard", b"\xff"),
        json.dumps(CLAIMS).encode().replace(b"dashboard", b"\\ud800"),
        b"[" * 300,
        b'{"a":' * 60 + b"1" + b"}" * 60,
    ],
    ids=lambda claims: repr(claims)[:60],
)
def test_any_other_claims_are_refused(claims: object) -> None:
    assert refused(signed(HEADER, claims))


@pytest.mark.parametrize(
    "token",
    [
        "",
        ".",
        "..",
        "a.b.c",
        GOOD + ".",
        "." + GOOD,
        GOOD + "=",
        GOOD + "\n",
        " " + GOOD,
        GOOD + "A",
        GOOD[:-1],
        GOOD.replace(".", ".."),
        GOOD.rpartition(".")[0] + ".",
        GOOD.rpartition(".")[0],
        signed(HEADER, CLAIMS, b"another key of thirty-two bytes!"),
        signed(HEADER, CLAIMS, b""),
        signed(HEADER, CLAIMS, SECRET, sha384),
        signed(HEADER, CLAIMS, SECRET, sha512),
        signed(HEADER, CLAIMS | {"sub": "x" * MAX_BYTES}),
        GOOD.swapcase(),
        "A" * 1_000_000,
        "." * 1_000_000,
        json.dumps({"payload": GOOD}),
        "é" * 50 + "." + "é" * 50 + "." + "é" * 43,
    ],
    ids=lambda token: repr(token)[:40],
)
def test_any_other_text_is_refused(token: str) -> None:
    assert refused(token)


@pytest.mark.parametrize("part", [0, 1, 2])
def test_one_token_has_one_spelling(part: int) -> None:
    """The last character of each part has unused bits. Decoders ignore them; the verifier wants them to be zero."""
    parts = GOOD.split(".")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    same_bytes = []
    for last in alphabet:
        spelling = parts[part][:-1] + last
        padded = spelling + "=" * (-len(spelling) % 4)
        if urlsafe_b64decode(padded) == urlsafe_b64decode(parts[part] + "=" * (-len(parts[part]) % 4)):
            same_bytes.append(".".join([*parts[:part], spelling, *parts[part + 1 :]]))
    assert GOOD in same_bytes
    assert [token for token in same_bytes if not refused(token)] == [GOOD]


@given(st.integers(0, len(GOOD) - 1), st.characters(min_codepoint=1, max_codepoint=0x2FF))
def test_no_character_can_be_another(position: int, character: str) -> None:
    changed = GOOD[:position] + character + GOOD[position + 1 :]
    assert changed == GOOD or refused(changed)


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_no_signed_noise_is_accepted(header: bytes, claims: bytes) -> None:
    assert refused(signed(header, CLAIMS))
    assert refused(signed(HEADER, claims))
