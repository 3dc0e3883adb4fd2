"""Tokens, product ids and query strings as attackers write them: one of each trick in the public collections."""

import json
from datetime import UTC, datetime
from typing import Any

from tests.support.api import jws
from tests.support.api.jws import encoded
from tests.support.api.running import KEY


def signed(header: object, claims: object, secret: bytes = KEY.encode()) -> str:
    """A token of these parts, signed by the tests' key, or by `secret`."""
    return jws.signed(header, claims, secret)


NOW = int(datetime.now(UTC).timestamp())
HEADER: dict[str, Any] = {"alg": "HS256", "kid": "main", "typ": "JWT"}
CLAIMS: dict[str, Any] = {
    "iss": "product-analytics",
    "aud": "product-analytics-api",
    "sub": "hostile",
    "jti": "B" * 22,
    "iat": NOW - 60,
    "nbf": NOW - 60,
    "exp": NOW + 3600,
    "scope": "sales:read",
}
UNRECORDED = signed(HEADER, CLAIMS)
"""A valid token that has no record, so the API does not accept it."""
_HEAD, _BODY, _SIGNATURE = UNRECORDED.split(".")

TOKENS: dict[str, bytes] = {
    name: token.encode("latin-1")
    for name, token in {
        "without a record": UNRECORDED,
        "alg none": f"{encoded(json.dumps(HEADER | {'alg': 'none'}).encode())}.{_BODY}.",
        "alg None with a signature": signed(HEADER | {"alg": "nOnE"}, CLAIMS),
        "another alg": signed(HEADER | {"alg": "HS512"}, CLAIMS),
        "alg ES256": signed(HEADER | {"alg": "ES256"}, CLAIMS),
        "alg RS256": signed(HEADER | {"alg": "RS256"}, CLAIMS),
        "crit": signed(HEADER | {"crit": ["exp"]}, CLAIMS),
        "embedded key": signed(HEADER | {"jwk": {"kty": "oct", "k": encoded(b"k" * 32)}}, CLAIMS, b"k" * 32),
        "key by address": signed(HEADER | {"jku": "http://127.0.0.1:1/keys"}, CLAIMS),
        "kid path": signed(HEADER | {"kid": "../../../../dev/null"}, CLAIMS, b""),
        "kid query": signed(HEADER | {"kid": "x' UNION SELECT 'k"}, CLAIMS, b"k"),
        "kid operator": signed(HEADER | {"kid": {"$ne": ""}}, CLAIMS),
        "jti operator": signed(HEADER, CLAIMS | {"jti": {"$gt": ""}}),
        "deep header": signed(b'{"alg":' * 150 + b"1" + b"}" * 150, CLAIMS),
        "deep claims": signed(HEADER, b"[" * 500 + b"]" * 500),
        "a megabyte": f"{_HEAD}.{'A' * 1_000_000}.{_SIGNATURE}",
        "a megabyte of dots": "." * 1_000_000,
        "trailing characters": f"{UNRECORDED}x",
        "trailing dot": f"{UNRECORDED}.",
        "padding": f"{_HEAD}=.{_BODY}.{_SIGNATURE}=",
        "other spelling": f"{UNRECORDED[:-1]}{chr(ord(UNRECORDED[-1]) + 1)}",
        "other alphabet": UNRECORDED.replace("-", "+").replace("_", "/") + "+",
        "member twice": signed(b'{"alg":"none","alg":"HS256","kid":"main","typ":"JWT"}', CLAIMS),
        "claim twice": signed(HEADER, json.dumps(CLAIMS).encode()[:-1] + b', "exp": 9999999999}'),
        **{
            f"exp {exp}": signed(HEADER, json.dumps(CLAIMS).encode().replace(str(NOW + 3600).encode(), exp.encode()))
            for exp in ('"9999999999"', "null", "1e400", "true", "9999999999.0", "-1", "9" * 30, "NaN", "[]", "1e10")
        },
        "no exp": signed(HEADER, {name: value for name, value in CLAIMS.items() if name != "exp"}),
        "expired": signed(HEADER, CLAIMS | {"exp": NOW - 1}),
        "nbf ahead": signed(HEADER, CLAIMS | {"nbf": NOW + 3600}),
        "iat ahead": signed(HEADER, CLAIMS | {"iat": NOW + 3600}),
        "another issuer": signed(HEADER, CLAIMS | {"iss": "elsewhere"}),
        "another audience": signed(HEADER, CLAIMS | {"aud": "elsewhere"}),
        "audiences": signed(HEADER, CLAIMS | {"aud": ["product-analytics-api", "elsewhere"]}),
        "bad UTF-8 inside": signed(HEADER, json.dumps(CLAIMS).encode().replace(b"hostile", b"\xff\xfe")),
        "bad UTF-8 around": f"\xff\xfe{UNRECORDED}\xc3(",
        "another key": signed(HEADER, CLAIMS, b"another key that has thirty-two bytes"),
        "no signature": f"{_HEAD}.{_BODY}.",
        "JWE": ".".join([_HEAD, "AAAA", "AAAA", _BODY, _SIGNATURE]),
        "JSON serialization": json.dumps({"protected": _HEAD, "payload": _BODY, "signature": _SIGNATURE}),
        "two tokens": f"{UNRECORDED}, Bearer {UNRECORDED}",
        "a word": "null",
        "quoted": f'"{UNRECORDED}"',
    }.items()
}

IDS = (
    *("9" * 20, "9" * 96, "9" * 5000, "%2B1", "+1", "%201", "1%20", "1_0", "01", "00", "-0", "1.", "0x1", "1e0"),
    *("\u0663", "\uff13", "\u00b3", "\u202e1", "1\u200b", "%F0%9F%98%80", "%ff", "%c0%af", "%u0031"),
    *("[$ne]", "%7B%22$gt%22:%22%22%7D", "[$gt]=", "$where", "1;return%20true", "'%20||%20'1'=='1", "{'$ne':1}"),
    *("1%2F2", "%2F", "%2e%2e", "..%2f..%2fetc%2fpasswd", "%252F", "%00", "1%00", "%0a1", "1%0d%0aX-Injected:1"),
    *("undefined", "null", "NaN", "Infinity", "true", "1,2", "1|2", "*", "1'--", "%25s%25n", "$(id)", "`id`"),
    *("<script>alert(1)</script>", "${jndi:ldap://127.0.0.1/a}", "{{7*7}}"),
)

QUERIES = (
    *("a", "a=1", "a=1&a=1", "product_id=3", "product_id[$ne]=3", "[$where]=1", "limit=1;limit=2", "%00", "=", "?"),
    *("access_token=x", "%ff=%fe", "a[]=1&a[]=2", "a=" + "b" * 5000),
)
