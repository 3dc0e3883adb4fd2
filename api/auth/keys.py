"""The keys that sign and prove tokens, each named by its `kid`.

The text of a key decides what it is for: PEM of a P-256 key is for ES256, anything else is a secret for HS256. So a
public key can never serve as a secret, whatever the header of a token says. A private key signs and proves; a public
key only proves.
"""

import re
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal, Self

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from api.auth.key_strength import weakness_of
from shared.errors import ConfigurationError
from shared.settings import ApiSettings

Algorithm = Literal["HS256", "ES256"]

MAX_KEYS: Final = 32
"""Files that the folder of keys may hold. A rotation needs two, so half would do for most, and twice as many would do
no harm. The bound is there for a folder that was set by mistake, which would be read as a whole every 5 s."""
_MAX_FILE_BYTES: Final = 16_384
"""Longest file of a key. A P-256 key in PEM has 240 bytes, so half would do, and twice as much would do no harm. The
bound keeps a file that is no key, a log for example, from being read as a whole every 5 s."""
_KEY_ID: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}", re.ASCII)
_HOW: Final = "make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
_PUBLISHED: Final = frozenset(
    {
        # SHA-256 of the public points of the keys in RFC 7515 A.3 and in jwt.io's example. Their private keys are
        # printed there.
        "dcd2446ca98830c843c493a672364ba971d674fbef5ce87d697165b31e90300a",
        "3606efb50575c4916188c05a0b2527e1b499e1907f4d21af3f61f251e3078c78",
    }
)


@dataclass(frozen=True, slots=True, repr=False)
class TokenKey:
    """A key and the `kid` that names it. Its `repr` shows no key."""

    key_id: str
    algorithm: Algorithm
    proving: bytes
    """The secret, or the public key in PEM."""
    signing: bytes | None
    """The secret, or the private key in PEM. None for a public key."""

    @classmethod
    def from_text(cls, key_id: str, text: str) -> Self:
        """The key that `text` holds, without the white space around it.

        Raises ConfigurationError for a key that is weak, published, or of another kind. Its text never shows the key.
        """
        text = text.strip()
        if "-----BEGIN" in text:
            return cls._from_pem(key_id, text.encode())
        if weakness := weakness_of(text):
            raise ConfigurationError(f"{weakness}; anyone could sign tokens. {_HOW}")
        return cls(key_id, "HS256", text.encode(), text.encode())

    @classmethod
    def _from_pem(cls, key_id: str, pem: bytes) -> Self:
        private = b"PRIVATE KEY" in pem
        try:
            key = load_pem_private_key(pem, password=None) if private else load_pem_public_key(pem)
        except Exception:
            # `cryptography` raises many kinds of exceptions here. The cause, which may quote the key, is left out.
            raise ConfigurationError("it is not a key in PEM, or it is encrypted") from None
        public = key.public_key() if isinstance(key, EllipticCurvePrivateKey) else key
        if not isinstance(public, EllipticCurvePublicKey) or not isinstance(public.curve, SECP256R1):
            raise ConfigurationError("it is not an elliptic key on P-256, the curve of ES256")
        point = public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        if sha256(point).hexdigest() in _PUBLISHED:
            raise ConfigurationError("its private key is published; anyone could sign tokens")
        proving = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return cls(key_id, "ES256", proving, pem if private else None)

    def __repr__(self) -> str:
        return f"TokenKey(key_id={self.key_id!r}, algorithm={self.algorithm!r})"


def configured_keys(settings: ApiSettings) -> dict[str, TokenKey]:
    """All keys that the settings name, at least one, by `kid`.

    They are the files of TOKEN_KEYS_DIR and TOKEN_SIGNING_KEY. Raises ConfigurationError when any of them is unfit,
    when two different keys have the same `kid`, or when there is no key.
    """
    keys, unfit = folder_keys(settings.token_keys_dir)
    if unfit:
        raise ConfigurationError("; ".join(unfit.values()))
    own = own_key(settings)
    if own is not None:
        # The folder may hold TOKEN_SIGNING_KEY itself under the same name, or its public half.
        twin = keys.get(own.key_id, own)
        if (twin.algorithm, twin.proving) != (own.algorithm, own.proving):
            raise ConfigurationError(
                f"TOKEN_KEYS_DIR: its file {own.key_id} is another key than TOKEN_SIGNING_KEY, which has the same "
                "TOKEN_KEY_ID: give one of them another name"
            )
        keys[own.key_id] = own
    if not keys:
        raise ConfigurationError("TOKEN_SIGNING_KEY: Field required, unless TOKEN_KEYS_DIR holds a key")
    return keys


def signing_key(settings: ApiSettings) -> TokenKey:
    """The key to sign with: TOKEN_SIGNING_KEY, else the file TOKEN_KEY_ID of TOKEN_KEYS_DIR.

    It may be a public key, which `TokenSigner` does not take. Raises ConfigurationError when there is no such key, and
    as `configured_keys` does.
    """
    key = configured_keys(settings).get(settings.token_key_id)
    if key is None:
        raise ConfigurationError(f"TOKEN_KEY_ID: there is no key {settings.token_key_id!r} to sign with")
    return key


def own_key(settings: ApiSettings) -> TokenKey | None:
    """TOKEN_SIGNING_KEY, or None when it is not set. Raises ConfigurationError when it is unfit."""
    text = settings.token_signing_key.get_secret_value()
    try:
        return TokenKey.from_text(settings.token_key_id, text) if text else None
    except ConfigurationError as error:
        raise ConfigurationError(f"TOKEN_SIGNING_KEY: {error}") from None


def folder_keys(folder: str) -> tuple[dict[str, TokenKey], dict[str, str]]:
    """The fit keys of `folder` by `kid`, and what is wrong with its other files, by `kid` too. Raises nothing.

    When the folder cannot be used as a whole, there are no keys, and the reason stands under the empty text. An empty
    `folder` means that there is none.

    The `kid` is the file's name without an ending `.pem` or `.key`. Names that begin with a dot are ignored: Kubernetes
    and others keep their links to versions there, such as `..data`.
    """
    try:
        files = [file for file in sorted(Path(folder).iterdir()) if not file.name.startswith(".")] if folder else []
    except OSError as error:
        return {}, {"": f"TOKEN_KEYS_DIR: the folder {folder} cannot be read ({error.strerror})"}
    if len(files) > MAX_KEYS:
        return {}, {"": f"TOKEN_KEYS_DIR: {folder} holds {len(files)} files, {MAX_KEYS} keys are the most"}
    keys: dict[str, TokenKey] = {}
    unfit: dict[str, str] = {}
    for file in files:
        key_id = file.stem if file.suffix in (".pem", ".key") else file.name
        try:
            if key_id in keys:
                raise ConfigurationError("another file has the same name but for its ending")
            keys[key_id] = _from_file(key_id, file)
        except ConfigurationError as error:
            unfit[key_id] = f"TOKEN_KEYS_DIR: {file.name}: {error}"
    return keys, unfit


def _from_file(key_id: str, file: Path) -> TokenKey:
    """The key in a file. Raises ConfigurationError."""
    if not _KEY_ID.fullmatch(key_id):
        raise ConfigurationError("its name has other characters than letters, digits, dots, - and _, or too many")
    try:
        with file.open("rb") as opened:
            text = opened.read(_MAX_FILE_BYTES + 1)
        if len(text) > _MAX_FILE_BYTES:
            raise ConfigurationError("it is too large for a key")
        return TokenKey.from_text(key_id, text.decode())
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"it cannot be read as text ({type(error).__name__})") from None
