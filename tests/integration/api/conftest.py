"""Fixtures that give each test its own API, on its own database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydantic import SecretStr
from pymongo import MongoClient

from shared.settings import ApiSettings
from tests.support.api.running import KEY, Api, ManualClock, serving
from tests.support.documents.given_events import Documents, GivenSale, database_names, ms, store
from tests.support.servers.interface import MongoServer

NOON = ms("2026-06-01T12:00:00Z")

_NAMES = database_names("api")


@contextmanager
def empty_database(mongo: MongoServer) -> Iterator[Documents]:
    """A new database. Nothing drops it: it ends with the server, which may be down when the test ends."""
    with MongoClient[dict[str, Any]](mongo.uri, tz_aware=True, serverSelectionTimeoutMS=5000) as client:
        yield client[next(_NAMES)]


def api_settings(mongo: MongoServer, database: Documents, mongodb_timeout_ms: int = 1000) -> ApiSettings:
    """Settings of an API on that database, which ends at once when it is stopped."""
    return ApiSettings(
        mongodb_uri=SecretStr(mongo.uri),
        mongodb_database=database.name,
        mongodb_timeout_ms=mongodb_timeout_ms,
        token_signing_key=SecretStr(KEY),
        drain_seconds=0,
    )


@contextmanager
def running_api(
    mongo: MongoServer, database: Documents, clock: ManualClock | None = None, mongodb_timeout_ms: int = 1000
) -> Iterator[Api]:
    """A running API. Unless a clock is given, its clock stands at noon of 1 June 2026, UTC."""
    clock = clock or ManualClock(NOON)
    settings = api_settings(mongo, database, mongodb_timeout_ms)
    with serving(settings, clock) as url:
        running = Api(settings, database, clock, url)
        with running.client:
            yield running


@pytest.fixture
def database(mongo: MongoServer) -> Iterator[Documents]:
    """The test's own database, empty."""
    with empty_database(mongo) as database:
        yield database


@pytest.fixture
def settings(mongo: MongoServer, database: Documents) -> ApiSettings:
    """Settings of an API on the test's own database."""
    return api_settings(mongo, database)


@pytest.fixture
def api(mongo: MongoServer, database: Documents) -> Iterator[Api]:
    """The test's own API, on its own database."""
    with running_api(mongo, database) as api:
        yield api


@pytest.fixture(scope="module")
def shared_api(mongo: MongoServer) -> Iterator[Api]:
    """One API for all tests of a module, which must not change it. Product 3 was sold once, at noon, for 3000."""
    with empty_database(mongo) as database, running_api(mongo, database) as api:
        store(database, [GivenSale(3, NOON, "3000")])
        yield api
