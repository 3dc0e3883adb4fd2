"""The load balancer on this machine: the project's `nginx.conf`, with its own list of instances and its own port."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from stack.process import Part
from stack.waiting import listens, wait_until

ROOT = Path(__file__).parent.parent.parent
READY_SECONDS = 20.0

# As for containers, in nginx/upstream.conf, where the reasons are.
RULES = ("max_fails=1 fail_timeout=2s", "backup max_fails=0")


class Nginx:
    """Configures nginx in front of the API instances that listen on `api_ports`; its files live in `home`."""

    def __init__(self, *, program: Path, home: Path, port: int, api_ports: Sequence[int]) -> None:
        self._program = program
        self._home = home
        self._port = port
        self._api_ports = api_ports

    @property
    def url(self) -> str:
        """Where clients reach it."""
        return f"http://127.0.0.1:{self._port}"

    def prepare(self) -> None:
        """Write the configuration."""
        includes = self._home / "nginx"
        includes.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / "nginx.conf", self._home / "nginx.conf")
        servers = [f"server 127.0.0.1:{port} {rule};\n" for rule in RULES for port in self._api_ports]
        (includes / "upstream.conf").write_text("".join(servers))
        (includes / "listen.conf").write_text(f"listen 127.0.0.1:{self._port} default_server;\n")

    def part(self) -> Part:
        """nginx's process, in the foreground."""
        # Relative to the prefix, so that no path of this machine has to be quoted for nginx.
        files = ("-p", "./", "-c", "nginx.conf", "-e", "stderr")
        return Part("nginx", (str(self._program), *files, "-g", "daemon off;"), self._home)

    def wait_ready(self) -> None:
        """Return once it listens. Raises StackError."""
        wait_until("nginx to listen", lambda: listens(self._port), READY_SECONDS)
