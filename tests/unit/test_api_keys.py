"""Which keys may sign tokens."""

import secrets
from collections.abc import Callable

import pytest
from pydantic import SecretStr

from api.keys import Key, configured_keys
from api.weakness import weakness_of
from shared.errors import ConfigurationError
from shared.settings import ApiSettings


@pytest.mark.parametrize(
    "key",
    [
        "",
        "short",
        "kM3v_0Tq9wXzR7hLb2NfYc8JdPsGuEa",
        "a" * 64,
        "ab" * 32,
        "passwordpasswordpasswordpassword",
        "your-256-bit-secret-your-256-bit-secret",
        "a-string-secret-at-least-256-bits-long",
        "change-me-change-me-please-now-1",
        "kM3v0Tq9wXzR7hLb2NfYSecretKeyuEaV5tHiO1nQxW4",
        "abcdefghijklmnopqrstuvwxyzABCDEF",
        "0123456789012345678901234567890123",
        "98765432109876543210987654321098",
        "qwertyuiopasdfghjklzxcvbnm123456",
        "404E635266556A586E3272357538782F413F4428472B4B6250645367566B5970",
        "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
        "aab" * 10 + "baabbabbaabbabba",
    ],
)
def test_weak_keys_are_refused(key: str) -> None:
    assert weakness_of(key) is not None
    settings = ApiSettings(token_signing_key=SecretStr(key))
    with pytest.raises(ConfigurationError, match="TOKEN_SIGNING_KEY") as refusal:
        configured_keys(settings)
    assert not key or key not in str(refusal.value)


@pytest.mark.parametrize("size", [32, 48])
@pytest.mark.parametrize("random_text", [secrets.token_urlsafe, secrets.token_hex])
def test_random_keys_are_taken(random_text: Callable[[int], str], size: int) -> None:
    key = random_text(size)
    assert configured_keys(ApiSettings(token_signing_key=SecretStr(key)))["main"].signing == key.encode()


def test_a_key_does_not_show_itself() -> None:
    key = Key.from_text("main", "kM3v_0Tq9wXzR7hLb2NfYc8JdPsGuEaV5tHiO1nQxW4")
    assert "kM3v" not in repr(key) + str(key) + f"{key}"
