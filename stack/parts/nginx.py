"""nginx on this machine: the project's `nginx.conf`, with the API instances, ports and certificate of one stack."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from stack.errors import StackError
from stack.parts.services import NAMES
from stack.supervision.part import Part

ROOT = Path(__file__).parent.parent.parent

# The same rules as in nginx/upstream.conf for containers; the reasons stand there.
RULES = ("max_fails=1 fail_timeout=2s", "backup max_fails=0")

HTTP2_DIRECTIVE = (1, 25, 1)
"""From this version on HTTP/2 is a directive of its own; before, it was a word of the directive `listen`."""

KEEPALIVE_MIN_TIMEOUT = (1, 27, 4)
"""From this version on a reload can leave idle connections open for a while."""


class Nginx:
    """Configures nginx in front of the API instances that listen on `api_ports`; its files lie in the folder `home`.

    It listens for HTTPS on `port`, with the certificate in the folder `certificates`. On `redirect_port` it listens for
    plain HTTP and answers with the address of the same page on HTTPS.
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
        """Where clients reach the API."""
        return f"https://127.0.0.1:{self._port}"

    @property
    def redirect_url(self) -> str:
        """Where nginx sends clients to `url`."""
        return f"http://127.0.0.1:{self._redirect_port}"

    def prepare(self) -> None:
        """Write the configuration. Raises StackError when `nginx -v` prints no version."""
        includes = self._home / "nginx"
        includes.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / "nginx.conf", self._home / "nginx.conf")
        shutil.copyfile(ROOT / "nginx" / "limits.conf", includes / "limits.conf")
        # A link in `home`, so that no path of this machine has to be quoted for nginx.
        certificates = self._home / "certificates"
        certificates.unlink(missing_ok=True)
        certificates.symlink_to(self._certificates.resolve())
        servers = [f"server 127.0.0.1:{port} {rule};\n" for rule in RULES for port in self._api_ports]
        (includes / "upstream.conf").write_text("".join(servers))
        (includes / "listen.conf").write_text(self._listen())
        # compose/nginx.sh writes the same for containers. Only there can operators let pages of other origins in.
        names = "".join(f'"{f"[{name}]" if ":" in name else name}" $host; ' for name in NAMES)
        (includes / "names.conf").write_text(
            f'map $host $own_host {{ default ""; {names}}}\nmap $http_origin $allowed_origin {{ default ""; }}\n'
        )
        (includes / "redirect.conf").write_text(
            f'listen 127.0.0.1:{self._redirect_port} default_server;\nset $https_port ":{self._port}";\n'
        )

    def _listen(self) -> str:
        """Return what nginx/listen.conf holds for containers, as far as this version of nginx knows it.

        The reasons stand in that file.
        """
        version = self._version()
        address = f"listen 127.0.0.1:{self._port} default_server backlog=4096 ssl"
        http2 = ";\nhttp2 on;\n" if version >= HTTP2_DIRECTIVE else " http2;\n"
        spared = "keepalive_min_timeout 5s;\n" if version >= KEEPALIVE_MIN_TIMEOUT else ""
        return f"{address}{http2}{spared}"

    def _version(self) -> tuple[int, ...]:
        result = subprocess.run((str(self._program), "-v"), capture_output=True, text=True, check=False)  # noqa: S603
        found = re.search(r"nginx/(\d+)\.(\d+)\.(\d+)", result.stderr)
        if found is None:
            raise StackError(f"`{self._program} -v` printed no version: {result.stderr.strip()}")
        return tuple(map(int, found.groups()))

    def part(self) -> Part:
        """nginx's process, which stays in the foreground; to be started after `prepare`."""
        # Paths are relative to the prefix `-p`, so that no path of this machine has to be quoted for nginx.
        files = ("-p", "./", "-c", "nginx.conf", "-e", "stderr")
        return Part("nginx", (str(self._program), *files, "-g", "daemon off;"), self._home)
