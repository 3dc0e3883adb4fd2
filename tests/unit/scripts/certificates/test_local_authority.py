"""The local authority: who holds its certificate trusts it for its own names alone, and it is renewed in time."""

import ipaddress
import shutil
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from typer.testing import CliRunner

from scripts.certificates import local_authority
from scripts.certificates.__main__ import app
from scripts.certificates.local_authority import ensure

NOW = datetime.now(UTC).replace(microsecond=0)
NAMES = ("localhost", "127.0.0.1", "::1")


@pytest.fixture
def served(tmp_path: Path) -> Path:
    return tmp_path / "served"


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    return tmp_path / "authority"


def handshake(served: Path, trusted: Path, name: str) -> None:
    """Let a client that trusts this authority greet a server with that certificate, in memory. Raises SSLError."""
    trust = ssl.create_default_context(cafile=trusted)
    trust.verify_flags |= ssl.VERIFY_X509_STRICT
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(served / "certificate.pem", served / "key.pem")
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trust.wrap_bio(to_client, to_server, server_hostname=name)
    server = server_side.wrap_bio(to_server, to_client, server_side=True)
    waiting = [client, server]
    while waiting:
        for side in list(waiting):
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                pass


def files(*folders: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for folder in folders for file in folder.iterdir()}


@pytest.mark.parametrize("name", NAMES)
def test_whoever_trusts_the_authority_trusts_the_server_by_each_of_its_names(
    served: Path, authority: Path, name: str
) -> None:
    ensure(served, authority, NAMES, NOW)
    handshake(served, served / "ca.pem", name)


def test_nobody_else_does(served: Path, authority: Path, tmp_path: Path) -> None:
    ensure(served, authority, NAMES, NOW)
    ensure(tmp_path / "other", tmp_path / "other authority", NAMES, NOW)
    with pytest.raises(ssl.SSLCertVerificationError, match=r"signature|issuer|self-signed"):
        handshake(served, tmp_path / "other" / "ca.pem", "localhost")
    with pytest.raises(ssl.SSLCertVerificationError, match=r"example\.org"):
        handshake(served, served / "ca.pem", "example.org")


def test_a_stolen_authority_cannot_pass_for_another_site(served: Path, authority: Path) -> None:
    ensure(served, authority, NAMES, NOW)
    signer = local_authority._load_signer(authority, local_authority._load_certificate(served / "ca.pem"))
    assert signer is not None
    key = load_pem_private_key((served / "key.pem").read_bytes(), None)
    forged = local_authority._server_certificate(key, ["example.org"], signer, NOW)  # type: ignore[arg-type]  # elliptic
    (served / "certificate.pem").write_bytes(forged.public_bytes(Encoding.PEM))
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree"):
        handshake(served, served / "ca.pem", "example.org")


def test_keys_are_for_their_owner_alone(served: Path, authority: Path) -> None:
    ensure(served, authority, NAMES, NOW)
    modes = {file.name: file.stat().st_mode & 0o777 for folder in (served, authority) for file in folder.iterdir()}
    assert modes == {"key.pem": 0o600, "ca_key.pem": 0o600, "certificate.pem": 0o644, "ca.pem": 0o644}
    assert authority.stat().st_mode & 0o777 == 0o700


def test_what_is_valid_stays_and_what_is_about_to_expire_is_renewed(served: Path, authority: Path) -> None:
    ensure(served, authority, NAMES, NOW - timedelta(days=310))
    first = files(served, authority)
    ensure(served, authority, NAMES, NOW - timedelta(days=10))
    assert files(served, authority) == first
    ensure(served, authority, NAMES, NOW)
    renewed = files(served, authority)
    assert {name for name in first if renewed[name] != first[name]} == {"certificate.pem", "key.pem"}
    handshake(served, served / "ca.pem", "localhost")


def test_an_authority_about_to_expire_is_replaced(served: Path, authority: Path) -> None:
    ensure(served, authority, NAMES, NOW - timedelta(days=3600))
    first = files(served, authority)
    ensure(served, authority, NAMES, NOW)
    assert not set(first.values()) & set(files(served, authority).values())
    handshake(served, served / "ca.pem", "localhost")


def test_other_names_make_another_authority(served: Path, authority: Path) -> None:
    ensure(served, authority, NAMES, NOW)
    ensure(served, authority, ("edge.example", str(ipaddress.ip_address("192.0.2.7"))), NOW)
    handshake(served, served / "ca.pem", "edge.example")
    handshake(served, served / "ca.pem", "192.0.2.7")


def test_a_real_certificate_is_left_alone(served: Path, authority: Path, tmp_path: Path) -> None:
    ensure(tmp_path / "bought", tmp_path / "its authority", ("edge.example",), NOW)
    served.mkdir()
    for name in ("certificate.pem", "key.pem"):
        shutil.copy(tmp_path / "bought" / name, served)
    before = files(served)
    assert "left as it is" in ensure(served, authority, NAMES, NOW)
    assert files(served) == before
    assert not authority.exists()


def test_what_is_no_certificate_is_an_error(served: Path, authority: Path) -> None:
    served.mkdir()
    (served / "certificate.pem").write_text("not a certificate")
    with pytest.raises(ValueError, match="PEM"):
        ensure(served, authority, NAMES, NOW)


@pytest.mark.parametrize("wrong", ["served", "authority", "certificate"])
def test_a_path_that_cannot_be_used_is_named_in_a_sentence(wrong: str, tmp_path: Path) -> None:
    paths = {"served": tmp_path / "served", "authority": tmp_path / "authority"}
    if wrong == "certificate":
        (paths["served"] / "certificate.pem").mkdir(parents=True)
    else:
        paths[wrong].write_text("a file and no folder")
    options = [text for name, path in paths.items() for text in (f"--{name}", str(path))]
    done = CliRunner().invoke(app, [*options, "--names", "localhost"])
    assert (done.exit_code, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"no certificate: {tmp_path}/")
    assert " cannot be used: " in line
