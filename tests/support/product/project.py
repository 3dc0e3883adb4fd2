"""docker-compose.yml as a running project with its own name, settings, ports and data; and what a test does to it."""

import json
import os
import secrets
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from shared.mongo import SyncDatabase, connect
from shared.settings import SharedSettings
from stack import ports
from stack.drivers.client import READING
from stack.errors import StackError
from stack.waiting import wait_until
from tests.support.process import ROOT
from tests.support.product.docker import COMMAND_SECONDS, addresses, docker, inspect, written

PREFIX = "product-analytics-local"
PUBLIC = ("KAFKA_IMAGE", "MONGO_IMAGE", "NGINX_IMAGE", "PYTHON_IMAGE")
SERVERS = ("mongo", "kafka", "api", "consumer", "nginx")
"""The services that keep running, each after the services that it needs."""
HEALTHY_SECONDS = 150.0
"""How long a container may take to be healthy: Kafka and MongoDB are given 120 s in docker-compose.yml."""


class Project:
    """A `Product` of containers. Its images are those that the environment names, else those of `make images-local`."""

    # The engine passes connections on from an address of its bridge, which lies in one of these.
    networks = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")

    def __init__(
        self, folder: Path, name: str, *, files: Sequence[str] = (), settings: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self._files = files
        self.passwords = {
            f"MONGO_{user}_PASSWORD": secrets.token_hex(24) for user in ("ROOT", "API", "CONSUMER", "TOKENS")
        }
        key = folder / "secrets" / "token_signing_key"
        key.parent.mkdir(mode=0o700)
        key.write_text(secrets.token_hex(32))
        self.secrets = (*self.passwords.values(), key.read_text())
        self.ports = ports.pick(2)
        self.port = self.ports[0]
        self.url = f"https://127.0.0.1:{self.port}"
        self.redirect_url = f"http://127.0.0.1:{self.ports[1]}"
        self._authority = folder / "ca.pem"
        chosen = {
            "COMPOSE_PROJECT_NAME": name,
            **self.passwords,
            "TOKEN_SIGNING_KEY_FILE": str(key),
            "HTTPS_PORT": str(self.ports[0]),
            "HTTP_PORT": str(self.ports[1]),
            "API_IMAGE": f"{PREFIX}/api",
            "CONSUMER_IMAGE": f"{PREFIX}/consumer",
            **{image: os.environ.get(image) or f"{PREFIX}/{image.partition('_')[0].lower()}" for image in PUBLIC},
            **(settings or {}),
        }
        self._environment = folder / "env"
        self._environment.write_text("".join(f"{name}={value}\n" for name, value in chosen.items()))

    def argv(self, *arguments: str) -> tuple[str, ...]:
        """The command line `docker compose …` for this project."""
        files = (option for file in self._files for option in ("--file", file))
        return ("docker", "compose", "--env-file", str(self._environment), *files, *arguments)

    @property
    def environment(self) -> dict[str, str]:
        """Environment for commands about this project: without the settings of the tests' own, which would win."""
        return {name: value for name, value in os.environ.items() if name in ("PATH", "HOME") or "DOCKER" in name} | {
            "COMPOSE_PROJECT_NAME": self.name,
            "COMPOSE_ENV_FILES": str(self._environment),
        }

    def compose(self, *arguments: str, given: bytes | None = None) -> str:
        """Run `docker compose …` to its end. Returns what it printed. Fails the test when it fails."""
        return self.run(*self.argv(*arguments), given=given)

    def run(self, *argv: str, given: bytes | None = None) -> str:
        """Run any command with this project's environment to its end, and return or fail as `compose` does."""
        feed: dict[str, Any] = {"stdin": subprocess.DEVNULL} if given is None else {"input": given}
        ended: subprocess.CompletedProcess[bytes] = subprocess.run(
            argv, cwd=ROOT, env=self.environment, capture_output=True, timeout=COMMAND_SECONDS, check=False, **feed
        )
        messages = f"{_text(ended.stdout)}\n{_text(ended.stderr)}"
        assert ended.returncode == 0, f"{' '.join(argv)} ended with {ended.returncode}:\n{messages}\n{self.state()}"
        return _text(ended.stdout).strip()

    def state(self) -> str:
        """The containers and the last lines of their logs, for the message of a failure."""
        shown = []
        for arguments in (("ps", "--all"), ("logs", "--tail", "10", "--no-color")):
            ended = subprocess.run(
                self.argv(*arguments), cwd=ROOT, env=self.environment, capture_output=True, check=False, timeout=60
            )
            shown.append(_text(ended.stdout))
        return "\n".join(shown)

    def up(self, *options: str, api: int = 2, consumer: int = 3) -> None:
        """Start or change the whole project by `docker compose up`; returns once everything is healthy."""
        scale = ("--scale", f"api={api}", "--scale", f"consumer={consumer}")
        self.compose("up", "--detach", "--wait", *scale, *options)

    def is_whole(self, api: int = 2, consumer: int = 3) -> bool:
        """Whether everything runs and is healthy. Quicker than `up`, which runs the set-up services again."""
        wanted = Counter(dict.fromkeys(SERVERS, 1) | {"api": api, "consumer": consumer})
        lines = self.compose("ps", "--all", "--format", "json").splitlines()
        found = [one for one in map(json.loads, lines) if one["Service"] in wanted]
        return Counter(one["Service"] for one in found) == wanted and all(one["Health"] == "healthy" for one in found)

    def restore(self) -> None:
        """Make everything run and be healthy, whatever a test has done to it."""
        if self.is_whole():
            return
        # `up` fails at once when a container is unhealthy, even if that one only waits for another that was stopped.
        for service in SERVERS:
            if containers := self.containers(service, every=True):
                docker("start", *containers)  # no change for those that run
        for service in SERVERS:
            self.wait_healthy(service, len(self.containers(service)))
        self.up()

    def containers(self, service: str, *, every: bool = False) -> list[str]:
        """Ids of the service's running containers, oldest first; with `every`, of the stopped ones too."""
        found = self.compose("ps", "--quiet", *(["--all"] if every else []), service).split()
        return sorted(found, key=lambda one: str(inspect(one)["Created"]))

    def one(self, service: str) -> str:
        """Id of the service's oldest container."""
        return self.containers(service)[0]

    def log(self, service: str) -> str:
        """What the service's containers have written so far."""
        # `docker compose logs` would put the terminal's colours before each line.
        return "\n".join(written(one) for one in self.containers(service, every=True))

    def consumer_script(self, *arguments: str, given: bytes | None = None) -> str:
        """Run `python …` in a new container of the consumer's image. Returns what it printed."""
        return self.compose("run", "--rm", "--no-deps", "-T", "consumer", "python", *arguments, given=given)

    def tokens(self, *arguments: str) -> str:
        """Run `docker compose run tokens …` to its end. Returns what it printed."""
        return self.compose("run", "--rm", "--no-deps", "-T", "tokens", *arguments)

    def publish(self, *arguments: str, given: bytes | None = None) -> str:
        """Run `python -m scripts.publish …` to its end, with `given` as its input. Returns what it printed."""
        return self.consumer_script("-m", "scripts.publish", *arguments, given=given)

    def token(self, name: str) -> str:
        """Issue a token that may read everything."""
        return self.tokens("issue", "--name", name, *READING)

    @property
    def instances(self) -> list[str]:
        """`host:port` of each API instance, on each of its networks."""
        return [f"{address}:8000" for one in self.containers("api") for address in addresses(one)]

    @property
    def authority(self) -> Path:
        """Certificate of the authority that signed the load balancer's."""
        if not self._authority.exists():
            self.compose("cp", "nginx:/etc/nginx/certificates/ca.pem", str(self._authority))
        return self._authority

    @contextmanager
    def database(self) -> Iterator[SyncDatabase]:
        """The services' database, as the user root. Only this machine can reach the container."""
        address = addresses(self.one("mongo"))[0]
        uri = f"mongodb://root:{self.passwords['MONGO_ROOT_PASSWORD']}@{address}:27017/?directConnection=true&authSource=admin"
        database: SyncDatabase = connect(SharedSettings(mongodb_uri=SecretStr(uri), mongodb_timeout_ms=10_000), "tests")
        try:
            yield database
        finally:
            database.client.close()

    def wait_healthy(self, service: str, count: int) -> None:
        """Wait until `count` containers of the service are healthy. Fails the test, with their state, after a while."""
        labels = (f"com.docker.compose.project={self.name}", f"com.docker.compose.service={service}")
        asked = (*(f"--filter=label={label}" for label in labels), "--filter=health=healthy")

        def healthy() -> bool:
            return len(docker("ps", "--quiet", *asked).split()) >= count

        try:
            wait_until(f"{count} healthy {service}", healthy, HEALTHY_SECONDS)
        except StackError as error:
            states = "\n".join(json.dumps(inspect(one)["State"]) for one in self.containers(service, every=True))
            raise AssertionError(f"{error}:\n{states}\n{self.state()}") from error

    def close(self) -> None:
        """Remove everything, data included."""
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "2")


def _text(output: bytes) -> str:
    """A command's output, which may hold any bytes of a log."""
    return output.decode(errors="backslashreplace")
