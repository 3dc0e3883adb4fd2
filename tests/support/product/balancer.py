"""A load balancer of a test's own: the project's `nginx.conf`, changed as it needs, in front of given instances."""

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
    """Running, and where it is."""

    process: Running
    port: int
    home: Path

    @property
    def url(self) -> str:
        """Where clients reach it."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def authority(self) -> Path:
        """The certificate that its clients trust."""
        return self.home / "served" / "ca.pem"


def configure(home: Path, api_ports: Sequence[int], changes: Mapping[str, str] | None = None) -> tuple[Nginx, int]:
    """Write the configuration, with each key of `changes` replaced in it; its port. Raises PartMissing."""
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
    """Start one; it ends with the block. Raises PartMissing."""
    nginx, port = configure(home, api_ports, changes)
    process = Running(nginx.part(), home / "nginx.log")
    try:
        process.start()
        process.wait_until("it listens", lambda: listens(port))
        yield Balancer(process, port, home)
    finally:
        process.close()
