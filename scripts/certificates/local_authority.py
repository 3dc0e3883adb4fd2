"""Makes a local certificate authority and a server's certificate that it signs, and renews both in time.

There are two folders. The server reads `served`: `certificate.pem`, `key.pem`, and `ca.pem`, the authority's
certificate that clients trust. `authority` holds the authority's key, `ca_key.pem`, which no server needs. Only their
owner may read private keys (0600). The authority's certificate names what it may sign for, so who trusts it trusts it
for nothing else.

If `served` holds a certificate that this authority did not sign, it is somebody's real one and stays as it is.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

SERVER_DAYS = 365
"""How long a certificate is valid. For twice as long, a stolen key would serve a thief twice as long; at half, a
machine that is rarely started has to be renewed twice a year."""
RENEW_DAYS = 60
"""A certificate with fewer days left is renewed. A long-running installation renews once a month, so at 60 one missed
month does no harm; at 30 it could, and at 120 a certificate is only replaced earlier than it must be."""
AUTHORITY_DAYS = 3650
"""How long the authority is valid. A new authority's certificate has to be given to every client, so this is ten years;
half of it would mean that work twice as often, twice of it that a stolen key is trusted for longer."""
CLOCKS_MAY_DIFFER = timedelta(hours=1)
"""A new certificate is valid from an hour ago, for clients whose clocks are slow. At half, a client that is 45 minutes
slow would not trust a certificate that was just made; twice as much helps only clients whose clocks are wrong by
hours."""


@dataclass(frozen=True)
class Signer:
    """The authority, by its certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def ensure(served: Path, authority: Path, names: Sequence[str], now: datetime) -> str:
    """Make the certificate for `names`, which are host names or IP addresses, unless there is one for exactly these
    that stays valid for long enough. Makes a new authority too, if there is none for these names. `now` is in UTC.

    Returns a sentence for a person. Raises ValueError for a file that holds no certificate or no key, and OSError for a
    folder that cannot be read or written.
    """
    current = _load_certificate(served / "certificate.pem")
    own = _load_certificate(served / "ca.pem")
    if current and not (own and _is_signed_by(current, own)):
        return f"the certificate in {served} is not this authority's: left as it is"
    signer = _load_signer(authority, own)
    if signer is None or not _serves(signer.certificate, names, now):
        signer = _new_authority(names, now)
        authority.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(authority / "ca_key.pem", _key_pem(signer.key), 0o600)
    elif current and _serves(current, names, now):
        return f"the certificate in {served} is valid until {current.not_valid_after_utc:%Y-%m-%d}"
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _server_certificate(key, names, signer, now)
    served.mkdir(mode=0o755, parents=True, exist_ok=True)
    _write(served / "key.pem", _key_pem(key), 0o600)
    _write(served / "certificate.pem", certificate.public_bytes(Encoding.PEM), 0o644)
    _write(served / "ca.pem", signer.certificate.public_bytes(Encoding.PEM), 0o644)
    return (
        f"made a certificate for {', '.join(names)} in {served}, valid until {certificate.not_valid_after_utc:%Y-%m-%d}"
    )


def _new_authority(names: Sequence[str], now: datetime) -> Signer:
    """An authority with a new key that may sign for `names` and no other names."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("product-analytics local authority")
    permitted = [
        x509.IPAddress(ip_network(each.value)) if isinstance(each, x509.IPAddress) else each
        for each in _alternatives(names)
    ]
    certificate = (
        _builder(name, name, key.public_key(), key.public_key(), now, AUTHORITY_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(x509.SubjectAlternativeName(_alternatives(names)), critical=False)
        .sign(key, SHA256())
    )
    return Signer(certificate, key)


def _server_certificate(
    key: ec.EllipticCurvePrivateKey, names: Sequence[str], signer: Signer, now: datetime
) -> x509.Certificate:
    """A server's certificate for `names`, signed by the authority."""
    issuer = signer.certificate.subject
    return (
        _builder(_name("product-analytics"), issuer, key.public_key(), signer.key.public_key(), now, SERVER_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(_alternatives(names)), critical=False)
        .sign(signer.key, SHA256())
    )


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    signed_by: ec.EllipticCurvePublicKey,
    now: datetime,
    days: int,
) -> x509.CertificateBuilder:
    """What both certificates have in common: names, key, serial number and the time of their validity."""
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCKS_MAY_DIFFER)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signed_by), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _alternatives(names: Sequence[str]) -> list[x509.GeneralName]:
    return [_alternative(name) for name in names]


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _serves(certificate: x509.Certificate, names: Sequence[str], now: datetime) -> bool:
    """Whether a certificate is for exactly these names and need not be renewed yet."""
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    lasts = certificate.not_valid_after_utc - now >= timedelta(days=RENEW_DAYS)
    return lasts and set(extension.value) == set(_alternatives(names))


def _is_signed_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, TypeError, ValueError):
        return False
    return True


def _load_certificate(file: Path) -> x509.Certificate | None:
    """The first certificate in a file; None if there is no file. Raises ValueError, OSError."""
    if not file.exists():
        return None
    try:
        return x509.load_pem_x509_certificate(file.read_bytes())
    except ValueError:
        raise ValueError(f"{file} holds no certificate in PEM") from None


def _load_signer(authority: Path, certificate: x509.Certificate | None) -> Signer | None:
    """The authority whose certificate this is; None if its key is not in the folder. Raises ValueError, OSError."""
    file = authority / "ca_key.pem"
    if certificate is None or not file.exists():
        return None
    try:
        key = load_pem_private_key(file.read_bytes(), password=None)
    except (TypeError, ValueError):  # TypeError: the key is encrypted
        raise ValueError(f"{file} holds no private key in PEM, or an encrypted one") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        return None
    return Signer(certificate, key)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(file: Path, content: bytes, mode: int) -> None:
    """Replace a file as a whole. Not even for a moment may others read it whom `mode` does not allow to."""
    incomplete = file.with_name(f".{file.name}.{os.getpid()}")
    with open(os.open(incomplete, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as output:
        output.write(content)
    incomplete.replace(file)


def utc_now() -> datetime:
    """This machine's clock in UTC, in whole seconds: certificates hold no fractions."""
    return datetime.now(UTC).replace(microsecond=0)
