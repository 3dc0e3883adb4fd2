"""The API behind its real HTTP server: in a thread, with a clock that the test sets, or as a process."""

import asyncio
import gc
import logging
import secrets
import socket
import threading
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import structlog
from pydantic import SecretStr
from pymongo.collection import Collection

from api.app import create_app
from api.auth.access import RATINGS_READ, SALES_READ, record_id
from api.server import Server
from api.services import system_clock, token_signer
from shared.settings import ApiSettings
from stack import ports
from stack.waiting import wait_until
from tests.support import process
from tests.support.documents.given_events import Documents
from tests.support.process import Running
from tests.support.servers.interface import MongoServer

KEY = "kM3v_0Tq9wXzR7hLb2NfYc8JdPsGuEaV5tHiO1nQxW4"
"""A key for tests only: it signs their tokens."""


class ManualClock:
    """A clock that stands still at `now_ms` (UTC milliseconds) until a test sets it."""

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms


class RunningClock(ManualClock):
    """This machine's clock, moved ahead by `ahead_ms`."""

    def __init__(self) -> None:
        super().__init__(0)
        self.ahead_ms = 0

    def __call__(self) -> int:
        return system_clock() + self.ahead_ms


def tokens_of(database: Documents) -> Collection[dict[str, Any]]:
    """The records of the tokens that belong to this database's API."""
    return database.client[f"{database.name}_access"]["api_tokens"]


def uses_of(database: Documents) -> Collection[dict[str, Any]]:
    """The times at which those tokens were last used."""
    return tokens_of(database).database["token_uses"]


class Api:
    """A running API at `url`, with its database, its clock and a client."""

    def __init__(self, settings: ApiSettings, database: Documents, clock: ManualClock, url: str) -> None:
        self.settings = settings
        self.database = database
        self.clock = clock
        self.url = url
        self.tokens: Collection[dict[str, Any]] = tokens_of(database)
        self.client = httpx.Client(base_url=url, timeout=20)
        self._token: str | None = None

    def token(self, **changes: Any) -> str:
        """A new token with its record, valid for three hours by the clock; `changes` replace fields of the record."""
        now = datetime.fromtimestamp(self.clock() // 1000, UTC)
        jti = secrets.token_urlsafe(16)
        record = {
            "_id": record_id(jti),
            "name": "test",
            "scopes": [SALES_READ, RATINGS_READ],
            "products": None,
            "created_at": now,
            "expires_at": now + timedelta(hours=3),
            "revoked_at": None,
        } | changes
        self.tokens.insert_one(record)
        return token_signer(self.settings).sign(
            name=record["name"],
            jti=jti,
            scopes=frozenset(record["scopes"]),
            issued_at=int(now.timestamp()),
            expires_at=int(record["expires_at"].timestamp()),
        )

    def reader(self) -> str:
        """The token that may read everything, the same at each call."""
        self._token = self._token or self.token()
        return self._token

    def get(self, path: str, token: str | None = None, **headers: str) -> httpx.Response:
        """Send a GET request, with the given token or with one that may read everything."""
        authorization = f"Bearer {self.reader() if token is None else token}"
        return self.client.get(path, headers={"Authorization": authorization, **headers})


@contextmanager
def serving(settings: ApiSettings, clock: ManualClock) -> Iterator[str]:
    """Serve the application in a thread on a free port; yields its address.

    Switches structlog off meanwhile, whose output pytest could not assign to a test: the thread is not the test's.
    """
    with _silent_logs(), socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        server = Server(create_app(settings, clock), settings)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])))
        thread.start()
        try:
            wait_until("the API to start", lambda: server.started or not thread.is_alive(), 10)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
            collect_sockets()


def collect_sockets() -> None:
    """Free what an ended client of MongoDB left, here and not in the middle of a later test, which its warning would
    fail.

    MongoDB's driver leaves a socket open when it is cancelled while it connects (`_async_create_connection` of
    pymongo.pool_shared closes it on other errors only). Python then closes it once the socket is collected, and warns.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@contextmanager
def _silent_logs() -> Iterator[None]:
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    try:
        yield
    finally:
        structlog.configure(**before)


@contextmanager
def api_process(
    mongo: MongoServer, database: Documents, folder: Path, **environment: str
) -> Iterator[tuple[Api, Running]]:
    """Run `python -m api` on a free port, with more settings in `environment`; yields once it answers."""
    (port,) = ports.pick(1)
    settings = {"MONGODB_URI": mongo.uri, "MONGODB_DATABASE": database.name, "TOKEN_SIGNING_KEY": KEY}
    running = process.module("api", folder / f"api-{port}.log", {**settings, "API_PORT": str(port), **environment})
    url = f"http://127.0.0.1:{port}"
    api = Api(ApiSettings(token_signing_key=SecretStr(KEY)), database, RunningClock(), url)
    with closing(running), api.client:
        running.start()
        running.wait_until("the API to answer", lambda: _answers(api.client), 20)
        yield api, running


def _answers(client: httpx.Client) -> bool:
    """Whether the API listens and is alive."""
    try:
        return client.get("/livez").status_code == 200
    except httpx.TransportError:
        return False
