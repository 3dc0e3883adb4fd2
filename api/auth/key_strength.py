"""Which secrets are too weak to sign tokens: short, published, made of words or of a pattern. Pure.

Whoever holds a token can try secrets on it for as long as they like, without asking the service. So nobody must think
of trying this secret: it has to be at least 256 bits long, and random as far as its text can show. The rules refuse
less than one in ten thousand of the secrets that a random generator makes. For those the advice that `api.auth.keys`
adds, "make one with …", is right too.
"""

import math
import re
from base64 import b64decode
from collections import Counter
from functools import cache
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Final

MIN_BYTES: Final = 32
"""RFC 7518, 3.2 demands a key as long as the hash, 256 bits, so half is not allowed. Twice as many would refuse
`secrets.token_urlsafe(32)`, which has 43 characters and which nobody can guess."""

MIN_ENTROPY_BITS: Final = 85
"""Least `entropy_bits`. The poorest of 400,000 texts of 32 random hexadecimal digits had 91. Half would accept 32
characters that are only four different ones (64 bits); twice as many would refuse nearly every text of 32 random
hexadecimal digits (116 bits in the middle)."""

_PUBLISHED: Final = Path(__file__).with_name("published_keys.txt")
_DIGEST_DIGITS: Final = 12
"""48 bits: with the thousand secrets that are listed, one random secret in 280,000,000,000 is refused by accident. Half
would refuse one in 17,000; twice as many would only make the file longer."""
_RUN: Final = 4
_WORDS: Final = re.compile(
    r"secret|passw|change[-_ ]?me|change[-_ ]?it|example|default|placeholder|signing|supersafe|letmein|private|"
    r"random|string|character|token|really|production|insecure|security|testing|server|django|"
    r"qwerty|asdfgh|zxcvbn|qazwsx|123456|abcdef",
    re.IGNORECASE,
)
"""Words and rows of keys that secrets in public collections contain, in either case.

No other rule finds these secrets, because their characters vary like those of a random text:

    a-string-secret-at-least-256-bits-long          digits among small letters, 141 bits by `entropy_bits`
    change-me-change-me-please-now-1                as above, 112 bits; too little of it repeats
    qwertyuiopasdfghjklzxcvbnm123456                runs along the keyboard, not along the alphabet; 160 bits
    kM3v0Tq9wXzR7hLb2NfYSecretKeyuEaV5tHiO1nQxW4    a random text with a name pasted into it, 234 bits

Every word is needed: `published_keys.txt` lists only what the rules alone would accept, so the secrets of public
collections that contain one of these words are not in it. A random secret contains such a word by chance once in
50,000 times (96 hexadecimal digits) or less often.
"""
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ONE_CASE: Final = re.compile(r"[^0-9A-Z]*|[^0-9a-z]*")


def weakness_of(secret: str) -> str | None:
    """Why `secret` must not sign tokens, as the rest of a sentence; None when it may."""
    length = len(secret.encode(errors="surrogatepass"))
    if length < MIN_BYTES:
        return f"it has {length} bytes, at least {MIN_BYTES} are needed"
    if secret_digest(secret) in _published() or _WORDS.search(secret):
        return "it is published or contains a word that well-known keys contain"
    if _UUID.fullmatch(secret):
        return "it is a UUID, which is made to be shown"
    if _is_text_in_disguise(secret):
        return "it is text in Base64 or hexadecimal digits"
    if secret in (secret + secret)[1:-1] or _repeats_itself(secret):
        return "it repeats itself"
    # Steps of -1, 0 and 1: `abcd`, `4321`, `aaaa`.
    steps = [ord(after) - ord(before) for before, after in pairwise(secret)]
    if sum(abs(step) <= 1 for step in steps) > len(steps) / 2:
        return "it runs along the alphabet or repeats a character"
    if _ONE_CASE.fullmatch(secret):
        return "it has neither digits nor both cases, as words do"
    if entropy_bits(secret) < MIN_ENTROPY_BITS:
        return "it uses too few different characters"
    return None


def entropy_bits(text: str) -> float:
    """Shannon's measure of `text` by the frequencies of its own characters, in bits for the whole text.

    `aabb` has 4: half of it is `a`, half `b`, so each of the four characters counts log2(2) = 1. The order plays no
    part, so this sees characters that recur, and neither words nor patterns.
    """
    counts = Counter(text).values()
    return -sum(count * math.log2(count / len(text)) for count in counts)


def secret_digest(secret: str) -> str:
    """What `published_keys.txt` lists of a secret: the first 12 hexadecimal digits of its SHA-256."""
    return sha256(secret.strip().encode(errors="surrogatepass")).hexdigest()[:_DIGEST_DIGITS]


@cache
def _published() -> frozenset[str]:
    """Digests of secrets of 32 bytes and more that stand in public collections, RFCs and tutorials, one a line."""
    return frozenset(_PUBLISHED.read_text().split())


def _is_text_in_disguise(secret: str) -> bool:
    """Whether `secret` is printable text in hexadecimal digits or Base64, such as `d2hhdCB5b3UgcmVhZCBpcyBub3Q…`.

    Random bytes are not all printable: of 24 of them, one in 10^10 is.
    """
    for decode in (bytes.fromhex, _from_base64):
        try:
            decoded = decode(secret)
        except ValueError:
            continue
        if all(32 <= byte < 127 for byte in decoded):
            return True
    return False


def _from_base64(text: str) -> bytes:
    """The bytes of Base64 in either alphabet, with or without padding. Raises ValueError for any other text."""
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    return b64decode(plain + "=" * (-len(plain) % 4), validate=True)


def _repeats_itself(secret: str) -> bool:
    """Whether more than a quarter of its runs of four characters occurred in it before.

    `KtJ8-xQ2mKtJ8-xQ2mKtJ8-xQ2mKtJ8-xQ2m!` has 34 runs, and only 10 of them differ.
    """
    runs = [secret[start : start + _RUN] for start in range(len(secret) - _RUN + 1)]
    return len(set(runs)) < 0.75 * len(runs)
