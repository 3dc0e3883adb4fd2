"""An API of each test's own, on a database of its own."""

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
    """A database of its own, which ends with the test session's server: it may be away when a test ends."""
    with MongoClient[dict[str, Any]](mongo.uri, tz_aware=True, serverSelectionTimeoutMS=5000) as client:
        yield client[next(_NAMES)]


def api_settings(mongo: MongoServer, database: Documents) -> ApiSettings:
    """Settings for that database; ends without a notice."""
    return ApiSettings(
        mongodb_uri=SecretStr(mongo.uri),
        mongodb_database=database.name,
        mongodb_timeout_ms=1000,
        token_signing_key=SecretStr(KEY),
        drain_seconds=0,
    )


@contextmanager
def running_api(mongo: MongoServer, database: Documents, clock: ManualClock | None = None) -> Iterator[Api]:
    """A running API; unless a clock is given, its own stands at noon of 1 June 2026, UTC."""
    clock = clock or ManualClock(NOON)
    settings = api_settings(mongo, database)
    with serving(settings, clock) as url:
        running = Api(settings, database, clock, url)
        with running.client:
            yield running


@pytest.fixture
def database(mongo: MongoServer) -> Iterator[Documents]:
    """An empty database of the test's own."""
    with empty_database(mongo) as database:
        yield database


@pytest.fixture
def settings(mongo: MongoServer, database: Documents) -> ApiSettings:
    """Settings for that database."""
    return api_settings(mongo, database)


@pytest.fixture
def api(mongo: MongoServer, database: Documents) -> Iterator[Api]:
    """An API of the test's own, on that database."""
    with running_api(mongo, database) as api:
        yield api


@pytest.fixture(scope="module")
def shared_api(mongo: MongoServer) -> Iterator[Api]:
    """An API for all tests of a module that leave no trace; product 3 was sold once at noon, for 3000."""
    with empty_database(mongo) as database, running_api(mongo, database) as api:
        store(database, [GivenSale(3, NOON, "3000")])
        yield api
