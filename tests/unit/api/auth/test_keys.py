"""Which keys may sign and prove tokens, and where the settings take them from."""

import secrets
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pydantic import SecretStr

from api.auth import key_strength
from api.auth.key_strength import weakness_of
from api.auth.keys import TokenKey, configured_keys, folder_keys, signing_key
from api.services import token_signer
from shared.errors import ConfigurationError
from shared.settings import ApiSettings
from tests.support.api.keys import pem_pair, point_of

GOOD = "kM3v_0Tq9wXzR7hLb2NfYc8JdPsGuEaV5tHiO1nQxW4"


def settings(key: str = "", folder: Path | None = None, key_id: str = "main") -> ApiSettings:
    return ApiSettings(
        token_signing_key=SecretStr(key), token_key_id=key_id, token_keys_dir="" if folder is None else str(folder)
    )


@pytest.mark.parametrize(
    "key",
    [
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
        "569a1821-0a93-45e8-87ab-eb857f20a010",
        "d2hhdCB5b3UgcmVhZCBpcyBub3QgcmFuZG9t",
        "the quick brown fox jumps over the lazy dog",
        "A LONG SENTENCE THAT NOBODY WOULD GUESS, WE HOPE",
        "KtJ8-xQ2mKtJ8-xQ2mKtJ8-xQ2mKtJ8-xQ2m!",
        "\ud800" * 20,
    ],
)
def test_weak_secrets_are_refused(key: str) -> None:
    assert weakness_of(key) is not None
    with pytest.raises(ConfigurationError) as refusal:
        TokenKey.from_text("main", key)
    assert key not in str(refusal.value)


def test_a_secret_of_a_public_collection_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """This project holds no collection of secrets, only the digests of those that the other rules would accept."""
    published = "q3t6w9z$C&F)J@NcQfTjWnZr4u7x!A%D*G-KaPdSgUkXp2s5v8y/B?E(H+MbQeTh"
    assert weakness_of(published) == "it is published or contains a word that well-known keys contain"
    with pytest.raises(ConfigurationError, match="TOKEN_SIGNING_KEY: it is published"):
        configured_keys(settings(published))
    monkeypatch.setattr(key_strength, "_published", frozenset)
    assert weakness_of(published) is None


@pytest.mark.parametrize("make", [secrets.token_urlsafe, secrets.token_hex])
@pytest.mark.parametrize("size", [32, 48, 64])
def test_random_secrets_are_taken(make: Callable[[int], str], size: int) -> None:
    made = [make(size) for _ in range(200)]
    # By chance the rules refuse at most one random secret in ten thousand: five of two hundred would be a fault.
    taken = [key for key in made if weakness_of(key) is None]
    assert len(taken) >= len(made) - 4
    assert configured_keys(settings(taken[0]))["main"].signing == taken[0].encode()


def test_a_key_does_not_show_itself() -> None:
    key = TokenKey.from_text("main", GOOD)
    assert "kM3v" not in repr(key) + str(key) + f"{key}"


def test_what_a_key_is_for_is_told_by_its_text() -> None:
    private, public = pem_pair()
    assert (TokenKey.from_text("k", private).algorithm, TokenKey.from_text("k", GOOD).algorithm) == ("ES256", "HS256")
    assert TokenKey.from_text("k", public).signing is None
    assert TokenKey.from_text("k", public).proving == TokenKey.from_text("k", private).proving


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@pytest.mark.parametrize(
    "text",
    [
        pem(ec.generate_private_key(ec.SECP384R1())),
        pem(ec.generate_private_key(ec.SECP256K1())),
        pem(rsa.generate_private_key(65537, 2048)),
        pem(ed25519.Ed25519PrivateKey.generate()),
        "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
    ],
    ids=["P-384", "secp256k1", "RSA", "Ed25519", "cut short", "certificate"],
)
def test_other_keys_in_pem_are_refused(text: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        TokenKey.from_text("main", text)
    assert text.splitlines()[1] not in str(refusal.value)


def test_a_key_whose_private_half_is_published_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    example = (
        "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9\n"
        "q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==\n-----END PUBLIC KEY-----"
    )
    with pytest.raises(ConfigurationError, match="published"):
        TokenKey.from_text("k", example)
    private, public = pem_pair()
    monkeypatch.setattr("api.auth.keys._PUBLISHED", frozenset({sha256(point_of(public)).hexdigest()}))
    with pytest.raises(ConfigurationError, match="published"):
        TokenKey.from_text("k", private)


def test_a_folder_of_keys(tmp_path: Path) -> None:
    private, public = pem_pair()
    (tmp_path / "2026-06").write_text(GOOD + "\n")
    (tmp_path / "2026-12.pem").write_text(public)
    (tmp_path / "..data").mkdir()
    keys = configured_keys(settings(folder=tmp_path))
    assert {key_id: key.algorithm for key_id, key in keys.items()} == {"2026-06": "HS256", "2026-12": "ES256"}
    # The key that signs may be a file of the folder, or TOKEN_SIGNING_KEY while the folder has its public half.
    assert signing_key(settings(folder=tmp_path, key_id="2026-06")).signing == GOOD.encode()
    assert configured_keys(settings(private, tmp_path, "2026-12"))["2026-12"].signing == private.encode()
    with pytest.raises(ConfigurationError, match="TOKEN_KEY_ID: there is no key 'main'"):
        signing_key(settings(folder=tmp_path))
    with pytest.raises(ConfigurationError, match="'2026-12' is a public key, which cannot sign"):
        token_signer(settings(folder=tmp_path, key_id="2026-12"))
    with pytest.raises(ConfigurationError, match="2026-06 is another key than TOKEN_SIGNING_KEY"):
        configured_keys(settings(secrets.token_urlsafe(48), tmp_path, "2026-06"))


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("weak", b"weak", "weak: it has 4 bytes"),
        ("a b", GOOD.encode(), "a b: its name has other characters"),
        ("binary", b"\xff" * 40, "binary: it cannot be read as text"),
        ("large", b"a" * 20_000, "large: it is too large for a key"),
        ("twice.key", GOOD.encode(), "twice.pem: another file has the same name but for its ending"),
    ],
)
def test_what_is_no_key_in_the_folder_is_named(tmp_path: Path, name: str, content: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(content)
    if name.startswith("twice"):
        (tmp_path / "twice.pem").write_bytes(content)
    with pytest.raises(ConfigurationError, match=f"TOKEN_KEYS_DIR: {reason}"):
        configured_keys(settings(GOOD, tmp_path))


def test_the_folder_is_bounded_and_must_be_there(tmp_path: Path) -> None:
    assert "cannot be read" in folder_keys(str(tmp_path / "nowhere"))[1][""]
    for number in range(33):
        (tmp_path / f"{number}").write_text(GOOD)
    assert "32 keys are the most" in folder_keys(str(tmp_path))[1][""]


def test_without_any_key() -> None:
    with pytest.raises(ConfigurationError, match="TOKEN_SIGNING_KEY: Field required"):
        configured_keys(settings())
