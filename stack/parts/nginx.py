"""The load balancer on this machine: the project's `nginx.conf`, with its own instances, ports and certificate."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from stack.errors import StackError
from stack.parts.services import NAMES
from stack.supervision.part import Part
from stack.waiting import listens, wait_until

ROOT = Path(__file__).parent.parent.parent
READY_SECONDS = 20.0

# As for containers, in nginx/upstream.conf, where the reasons are.
RULES = ("max_fails=1 fail_timeout=2s", "backup max_fails=0")

HTTP2_DIRECTIVE = (1, 25, 1)
"""Since this version HTTP/2 is a directive of its own, before it was a word of `listen`."""
KEEPALIVE_MIN_TIMEOUT = (1, 27, 4)
"""Since this version a reload can spare idle connections."""


class Nginx:
    """Configures nginx in front of the API instances that listen on `api_ports`; its files live in `home`.

    It listens for HTTPS on `port`, with the certificate in the folder `certificates`, and for plain HTTP on
    `redirect_port`.
    """

    def __init__(
        self,
        *,
        program: Path,
        home: Path,
        port: int,
        redirect_port: int,
        certificates: Path,
        api_ports: Sequence[int],
    ) -> None:
        self._program = program
        self._home = home
        self._port = port
        self._redirect_port = redirect_port
        self._certificates = certificates
        self._api_ports = api_ports

    @property
    def url(self) -> str:
        """Where clients reach it."""
        return f"https://127.0.0.1:{self._port}"

    @property
    def redirect_url(self) -> str:
        """Where clients are told so."""
        return f"http://127.0.0.1:{self._redirect_port}"

    def prepare(self) -> None:
        """Write the configuration. Raises StackError."""
        includes = self._home / "nginx"
        includes.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / "nginx.conf", self._home / "nginx.conf")
        shutil.copyfile(ROOT / "nginx" / "limits.conf", includes / "limits.conf")
        # A link, so that no path of this machine has to be quoted for nginx.
        certificates = self._home / "certificates"
        certificates.unlink(missing_ok=True)
        certificates.symlink_to(self._certificates.resolve())
        servers = [f"server 127.0.0.1:{port} {rule};\n" for rule in RULES for port in self._api_ports]
        (includes / "upstream.conf").write_text("".join(servers))
        (includes / "listen.conf").write_text(self._listen())
        # As for containers, in compose/nginx.sh; pages of other origins are let in there only.
        names = "".join(f'"{f"[{name}]" if ":" in name else name}" $host; ' for name in NAMES)
        (includes / "names.conf").write_text(
            f'map $host $own_host {{ default ""; {names}}}\nmap $http_origin $allowed_origin {{ default ""; }}\n'
        )
        (includes / "redirect.conf").write_text(
            f'listen 127.0.0.1:{self._redirect_port} default_server;\nset $https_port ":{self._port}";\n'
        )

    def _listen(self) -> str:
        """As for containers, in nginx/listen.conf, where the reasons are; as far as this version of nginx has it."""
        version = self._version()
        address = f"listen 127.0.0.1:{self._port} default_server backlog=4096 ssl"
        http2 = ";\nhttp2 on;\n" if version >= HTTP2_DIRECTIVE else " http2;\n"
        spared = "keepalive_min_timeout 5s;\n" if version >= KEEPALIVE_MIN_TIMEOUT else ""
        return f"{address}{http2}{spared}"

    def _version(self) -> tuple[int, ...]:
        told = subprocess.run((str(self._program), "-v"), capture_output=True, text=True, check=False)  # noqa: S603
        found = re.search(r"nginx/(\d+)\.(\d+)\.(\d+)", told.stderr)
        if found is None:
            raise StackError(f"{self._program} does not tell its version: {told.stderr.strip()}")
        return tuple(map(int, found.groups()))

    def part(self) -> Part:
        """nginx's process, in the foreground."""
        # Relative to the prefix, so that no path of this machine has to be quoted for nginx.
        files = ("-p", "./", "-c", "nginx.conf", "-e", "stderr")
        return Part("nginx", (str(self._program), *files, "-g", "daemon off;"), self._home)

    def wait_ready(self) -> None:
        """Return once it listens. Raises StackError."""
        wait_until("nginx to listen", lambda: listens(self._port), READY_SECONDS)
