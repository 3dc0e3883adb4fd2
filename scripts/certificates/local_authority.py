"""A local certificate authority, and a server's certificate signed by it: made when missing, renewed in time.

Two folders. `served` is what the server reads and clients trust: `certificate.pem`, `key.pem`, `ca.pem`. `authority`
holds the authority's key, which no server needs. Private keys are files that their owner alone may read (0600). The
authority may sign for its own names only, so whoever trusts it trusts it for nothing else.

A certificate that the authority did not sign is somebody's real one and is left alone.
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
RENEW_DAYS = 60
AUTHORITY_DAYS = 3650
CLOCKS_MAY_DIFFER = timedelta(hours=1)


@dataclass(frozen=True)
class Signer:
    """The authority: its certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


def ensure(served: Path, authority: Path, names: Sequence[str], now: datetime) -> str:
    """Make or renew what is missing, about to expire or for other `names` (host names, IP addresses); what was done.

    Raises ValueError for what is no certificate, OSError where a folder cannot be read or written.
    """
    current = _load_certificate(served / "certificate.pem")
    own = _load_certificate(served / "ca.pem")
    if current and not (own and _signed(current, own)):
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
    """Whether it is for exactly these names, and stays valid long enough to be renewed in time."""
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    lasts = certificate.not_valid_after_utc - now >= timedelta(days=RENEW_DAYS)
    return lasts and set(extension.value) == set(_alternatives(names))


def _signed(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, TypeError, ValueError):
        return False
    return True


def _load_certificate(file: Path) -> x509.Certificate | None:
    return x509.load_pem_x509_certificate(file.read_bytes()) if file.exists() else None


def _load_signer(authority: Path, certificate: x509.Certificate | None) -> Signer | None:
    file = authority / "ca_key.pem"
    if certificate is None or not file.exists():
        return None
    key = load_pem_private_key(file.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        return None
    return Signer(certificate, key)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _write(file: Path, content: bytes, mode: int) -> None:
    """Replace a file whole; it never has wider rights than `mode`, not for a moment."""
    incomplete = file.with_name(f".{file.name}.{os.getpid()}")
    with open(os.open(incomplete, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as output:
        output.write(content)
    incomplete.replace(file)


def utc_now() -> datetime:
    """This machine's clock, in whole seconds as certificates have them."""
    return datetime.now(UTC).replace(microsecond=0)
