"""The key that signs tokens, and which keys are too weak to sign anything."""

import math
import re
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Self

from shared.errors import ConfigurationError
from shared.settings import ApiSettings

MIN_BYTES: Final = 32
MIN_ENTROPY_BITS: Final = 85
"""By the frequencies of its characters: 32 random hexadecimal digits have 87 at the least, words and patterns less."""

_HOW: Final = "make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
_WORDS: Final = re.compile(
    r"secret|passw|change[-_ ]?me|change[-_ ]?it|example|default|placeholder|signing|supersafe|letmein|"
    r"qwerty|asdfgh|zxcvbn|qazwsx|123456|abcdef",
    re.IGNORECASE,
)
_PUBLISHED: Final = frozenset(
    {
        # RFC 7515 A.1, RFC 7520 3.5, and keys of tutorials that were copied into many services.
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
        "hJtXIZ2uSN5kbQfbtTNWbpdmhkV8FJG-Onbc6mxCcYg",
        "404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970",
        "3cfa76ef14937c1c0ea519f8fc057a80fcd04a7420f8e8bcd0a7567c272e007b",
        "5367566B59703373367639792F423F4528482B4D6251655468576D5A71347437",
        "413F4428472B4B6250655368566D5970337336763979244226452948404D6351",
        "9a4f2c8d3b7a1e6f45c8a0b3f267d8b1d4e6f3c8a9d2b5f8e3a9c8b5f6v8a3d9",
        "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
        "bXktMzItY2hhcmFjdGVyLXVsdHJhLXNlY3VyZS1hbmQtdWx0cmEtbG9uZy1zZWNyZXQ=",
    }
)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An HMAC key and the `kid` that names it. Its text form hides the key."""

    key_id: str
    secret: bytes

    @classmethod
    def from_settings(cls, settings: ApiSettings) -> Self:
        """Raises ConfigurationError for a weak key."""
        text = settings.token_signing_key.get_secret_value()
        if weakness := weakness_of(text):
            raise ConfigurationError(f"TOKEN_SIGNING_KEY: {weakness}; anyone could sign tokens. {_HOW}")
        return cls(settings.token_key_id, text.encode())

    def __repr__(self) -> str:
        return f"SigningKey(key_id={self.key_id!r})"


def weakness_of(key: str) -> str | None:
    """Why `key` must not sign tokens; None for one that may."""
    if len(key.encode()) < MIN_BYTES:
        return f"it has {len(key.encode())} bytes, at least {MIN_BYTES} are needed"
    if key in _PUBLISHED or _WORDS.search(key):
        return "it is published or contains a word that well-known keys contain"
    if key in (key + key)[1:-1]:
        return "it repeats a shorter text"
    steps = [ord(after) - ord(before) for before, after in pairwise(key)]
    if sum(abs(step) <= 1 for step in steps) > len(steps) / 2:
        return "it runs along the alphabet or repeats a character"
    if entropy_bits(key) < MIN_ENTROPY_BITS:
        return "it uses too few different characters"
    return None


def entropy_bits(text: str) -> float:
    """Shannon's measure of `text` by the frequencies of its own characters: never more than it truly has."""
    counts = Counter(text).values()
    return -sum(count * math.log2(count / len(text)) for count in counts)
