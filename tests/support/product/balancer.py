"""An nginx for one test: the project's `nginx.conf`, changed as the test needs, in front of given API instances."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stack import ports
from stack.install import packages
from stack.parts import services
from stack.parts.nginx import Nginx
from stack.waiting import listens
from tests.support.process import Running


@dataclass(frozen=True)
class Balancer:
    """A running load balancer; `home` is the folder of its configuration."""

    process: Running
    port: int
    home: Path

    @property
    def url(self) -> str:
        """The address that clients ask, by TLS."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def authority(self) -> Path:
        """Certificate of the authority that signed its own."""
        return self.home / "served" / "ca.pem"


def configure(home: Path, api_ports: Sequence[int], changes: Mapping[str, str] | None = None) -> tuple[Nginx, int]:
    """Write the configuration, with each key of `changes` replaced by its value. Returns the part and its TLS port.

    Fails when the configuration does not hold a key. Raises PartMissing where nginx cannot be had.
    """
    port, redirect_port = ports.pick(2)
    services.certificate(home / "served", home / "authority")
    nginx = Nginx(
        program=packages.require("nginx", "nginx", print),
        home=home,
        port=port,
        redirect_port=redirect_port,
        certificates=home / "served",
        api_ports=api_ports,
    )
    nginx.prepare()
    for old, new in (changes or {}).items():
        files = [file for file in home.rglob("*.conf") if old in file.read_text()]
        assert files, f"the configuration does not hold {old!r}"
        for file in files:
            file.write_text(file.read_text().replace(old, new))
    return nginx, port


@contextmanager
def balancer(home: Path, api_ports: Sequence[int], changes: Mapping[str, str] | None = None) -> Iterator[Balancer]:
    """Configure and start a load balancer, which ends with the block. Raises PartMissing."""
    nginx, port = configure(home, api_ports, changes)
    process = Running(nginx.part(), home / "nginx.log")
    try:
        process.start()
        process.wait_until("it listens", lambda: listens(port))
        yield Balancer(process, port, home)
    finally:
        process.close()
