"""Signed tokens (JWS) made without python-jose, so that a test can sign what that library would not."""

import hmac
import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any


def encoded(part: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(part).rstrip(b"=").decode()


def signed(header: object, claims: object, secret: bytes, digest: Any = sha256) -> str:
    """The token `header.claims.signature`, signed by an HMAC with this secret.

    Header and claims are JSON texts (bytes), or objects that become JSON.
    """
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, claims)]
    text = ".".join(map(encoded, parts))
    return f"{text}.{encoded(hmac.digest(secret, text.encode(), digest))}"
