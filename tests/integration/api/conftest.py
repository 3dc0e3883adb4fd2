"""An API of each test's own, on a database of its own."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import SecretStr
from pymongo import MongoClient

from shared.settings import ApiSettings
from tests.support.api import KEY, Api, Clock, serving
from tests.support.history import Documents, database_names, ms
from tests.support.servers import MongoServer

NOON = ms("2026-06-01T12:00:00Z")

_NAMES = database_names("api")


@pytest.fixture
def database(mongo: MongoServer) -> Iterator[Documents]:
    """An empty database."""
    with MongoClient[dict[str, Any]](mongo.uri, tz_aware=True) as client:
        database = client[next(_NAMES)]
        yield database
        client.drop_database(database.name)


@pytest.fixture
def settings(mongo: MongoServer, database: Documents) -> ApiSettings:
    """Settings for that database; drains at once."""
    return ApiSettings(
        mongodb_uri=SecretStr(mongo.uri),
        mongodb_database=database.name,
        mongodb_timeout_ms=1000,
        token_signing_key=SecretStr(KEY),
        drain_seconds=0,
    )


@pytest.fixture
def api(settings: ApiSettings, database: Documents) -> Iterator[Api]:
    """A running API whose clock stands at noon of 1 June 2026, UTC."""
    clock = Clock(NOON)
    with serving(settings, clock) as url:
        running = Api(settings, database, clock, url)
        with running.client:
            yield running
