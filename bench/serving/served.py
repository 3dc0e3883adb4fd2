"""Runs an API process on a database of the lab, and issues a token for it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from bench.lab.laboratory import Lab
from stack.drivers.client import READING
from stack.ports import pick
from tests.support.process import Running, module

KEY = "bench-only-7b1f0d2c9a8e4f6035d1c2b3a4958677"
"""The key that signs tokens; only for benchmarks, so it need not be secret."""

PEERS = "bench.serving.api_with_peers"
"""The module that runs the API with what it is compared with."""

READY_SECONDS = 30.0
"""How long the API may take to answer, and the command to issue a token, in seconds.

The API answers in 1.4 s (docs/benchmarks.md). At half of it a very busy machine may fail; at twice of it an API that
does not start is noticed after a minute.
"""


@dataclass(frozen=True)
class ServedApi:
    """A running API process: where it answers, and a token that may read everything."""

    url: str
    token: str
    running: Running

    def client(self) -> httpx.Client:
        """Return a client that sends the token; its requests end after 10 s."""
        return httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {self.token}"}, timeout=10)


def api_settings(lab: Lab, database: str) -> dict[str, str]:
    """Return the settings of an API process, as environment variables; all others have their defaults."""
    return {
        "MONGODB_URI": lab.mongo.uri,
        "MONGODB_DATABASE": database,
        "TOKEN_SIGNING_KEY": KEY,
        "LOG_FORMAT": "json",
        "LOG_LEVEL": "warning",
    }


def token(lab: Lab, database: str) -> str:
    """Issue a token that may read everything, and return it. Raises SystemExit with the output of a failed command."""
    log = lab.folder / f"{database}-token.log"
    script = module("scripts.tokens", log, api_settings(lab, database), "issue", "--name", "bench", *READING)
    script.start()
    if script.wait(READY_SECONDS) != 0:
        raise SystemExit(script.output)
    return next(line for line in script.output.splitlines() if line.startswith("eyJ"))


@contextmanager
def serving(lab: Lab, database: str, program: str = "api", shown: str | None = None) -> Iterator[ServedApi]:
    """Run one API process on this database; yield it once it answers, end it afterwards.

    `program` is the module to run, `shown` the token to use; without it, one is issued. Raises StackError when the
    process does not answer within READY_SECONDS, AssertionError with its output when it ends before.
    """
    (port,) = pick(1)
    settings = api_settings(lab, database) | {"API_PORT": str(port)}
    running = module(program, lab.folder / f"{database}-api-{port}.log", settings)
    served = ServedApi(f"http://127.0.0.1:{port}", shown or token(lab, database), running)
    running.start()
    try:
        with served.client() as client:
            running.wait_until("answering", lambda: answers(client, "/livez"), READY_SECONDS)
        yield served
    finally:
        running.stop()


def answers(client: httpx.Client, path: str) -> bool:
    """Whether the API answers a GET of `path` with status 200."""
    try:
        return client.get(path).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
