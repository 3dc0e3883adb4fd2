"""An API process on a database of the lab, and a token for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from bench.lab.laboratory import Lab
from stack.drivers.client import READING
from stack.ports import pick
from tests.support.process import Running, module

KEY = "bench-only-7b1f0d2c9a8e4f6035d1c2b3a4958677"
READY_SECONDS = 30.0


@dataclass(frozen=True)
class Served:
    """A running API."""

    url: str
    token: str
    running: Running

    def client(self) -> httpx.Client:
        """A client that shows the token."""
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.token}"}, timeout=10)


def environment(lab: Lab, database: str) -> dict[str, str]:
    """Settings of an API; all others are the defaults."""
    return {
        "MONGODB_URI": lab.mongo.uri,
        "MONGODB_DATABASE": database,
        "TOKEN_SIGNING_KEY": KEY,
        "LOG_FORMAT": "json",
        "LOG_LEVEL": "warning",
    }


def token(lab: Lab, database: str) -> str:
    """A new token that may read everything. Raises SystemExit."""
    log = lab.folder / f"{database}-token.log"
    script = module("scripts.tokens", log, environment(lab, database), "issue", "--name", "bench", *READING)
    script.start()
    if script.wait(READY_SECONDS) != 0:
        raise SystemExit(script.output)
    return next(line for line in script.output.splitlines() if line.startswith("eyJ"))


@contextmanager
def serving(lab: Lab, database: str, program: str = "api") -> Iterator[Served]:
    """One worker on this database; yields once it answers."""
    (port,) = pick(1)
    settings = environment(lab, database) | {"API_PORT": str(port)}
    running = module(program, lab.folder / f"{database}-api-{port}.log", settings)
    served = Served(f"http://127.0.0.1:{port}", token(lab, database), running)
    running.start()
    try:
        with served.client() as client:
            running.wait_until("answering", lambda: answers(client, "/livez"), READY_SECONDS)
        yield served
    finally:
        running.stop()


def answers(client: httpx.Client, path: str) -> bool:
    """Whether a GET is answered by 200."""
    try:
        return client.get(path).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
