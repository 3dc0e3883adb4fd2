"""Which secrets are too weak to sign tokens: short, published, words or patterns rather than chance. Pure.

Whoever holds one token can try secrets on it at leisure, so a secret must be one that nobody would try: at least 256
bits long, and random as far as its text can tell. The rules take every secret that a random generator makes, with odds
of less than one in ten thousand to the contrary; then `make one with` is the right answer anyway.
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
MIN_ENTROPY_BITS: Final = 85
"""By the frequencies of its characters: 32 random hexadecimal digits have 87 at the least, words and patterns less."""

_PUBLISHED: Final = Path(__file__).with_name("published_keys.txt")
_DIGEST_DIGITS: Final = 12
_WINDOW: Final = 4
_WORDS: Final = re.compile(
    r"secret|passw|change[-_ ]?me|change[-_ ]?it|example|default|placeholder|signing|supersafe|letmein|private|"
    r"random|string|character|token|really|production|insecure|security|testing|server|django|"
    r"qwerty|asdfgh|zxcvbn|qazwsx|123456|abcdef",
    re.IGNORECASE,
)
_UUID: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_ONE_CASE: Final = re.compile(r"[^0-9A-Z]*|[^0-9a-z]*")


def weakness_of(secret: str) -> str | None:
    """Why `secret` must not sign tokens, as the rest of a sentence; None for one that may."""
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
    steps = [ord(after) - ord(before) for before, after in pairwise(secret)]
    if sum(abs(step) <= 1 for step in steps) > len(steps) / 2:
        return "it runs along the alphabet or repeats a character"
    if _ONE_CASE.fullmatch(secret):
        return "it has neither digits nor both cases, as words do"
    if entropy_bits(secret) < MIN_ENTROPY_BITS:
        return "it uses too few different characters"
    return None


def entropy_bits(text: str) -> float:
    """Shannon's measure of `text` by the frequencies of its own characters: never more than it truly has."""
    counts = Counter(text).values()
    return -sum(count * math.log2(count / len(text)) for count in counts)


def secret_digest(secret: str) -> str:
    """How `published_keys.txt` names a secret: 48 bits of its SHA-256, so that no random one is refused by accident."""
    return sha256(secret.strip().encode(errors="surrogatepass")).hexdigest()[:_DIGEST_DIGITS]


@cache
def _published() -> frozenset[str]:
    """Digests of secrets of 32 bytes and more in public collections, RFCs and tutorials, one a line."""
    return frozenset(_PUBLISHED.read_text().split())


def _is_text_in_disguise(secret: str) -> bool:
    """24 random bytes or more are never all printable."""
    for decode in (bytes.fromhex, _from_base64):
        try:
            decoded = decode(secret)
        except ValueError:
            continue
        if all(32 <= byte < 127 for byte in decoded):
            return True
    return False


def _from_base64(text: str) -> bytes:
    plain = text.rstrip("=").replace("-", "+").replace("_", "/")
    return b64decode(plain + "=" * (-len(plain) % 4), validate=True)


def _repeats_itself(secret: str) -> bool:
    """Whether a quarter of its runs of four characters occurred before."""
    runs = [secret[start : start + _WINDOW] for start in range(len(secret) - _WINDOW + 1)]
    return len(set(runs)) < 0.75 * len(runs)
