"""New pairs of keys for ES256."""

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)


def pem_pair() -> tuple[str, str]:
    """A new private key on P-256 and its public key, both in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return private.strip(), public.strip()


def point_of(public: str) -> bytes:
    """The point of a public key in PEM, uncompressed: 65 bytes, of which the first is 4."""
    return load_pem_public_key(public.encode()).public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
