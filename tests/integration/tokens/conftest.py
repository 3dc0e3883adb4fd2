"""`python -m scripts.tokens` and an API on the same database, at the present time."""

from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from shared.settings import ApiSettings
from tests.integration.api.conftest import empty_database
from tests.support.api import KEY, Api, RunningClock, serving
from tests.support.history import Documents, Sold, store
from tests.support.servers import MongoServer
from tests.support.tokens import Cli


@pytest.fixture
def database(mongo: MongoServer) -> Iterator[Documents]:
    with empty_database(mongo) as database:
        yield database


@pytest.fixture
def cli(mongo: MongoServer, database: Documents) -> Cli:
    return Cli({"MONGODB_URI": mongo.uri, "MONGODB_DATABASE": database.name, "TOKEN_SIGNING_KEY": KEY})


@pytest.fixture
def clock() -> RunningClock:
    return RunningClock()


@pytest.fixture
def api(mongo: MongoServer, database: Documents, clock: RunningClock) -> Iterator[Api]:
    """At the present time, as the command is."""
    settings = ApiSettings(
        mongodb_uri=SecretStr(mongo.uri),
        mongodb_database=database.name,
        token_signing_key=SecretStr(KEY),
        drain_seconds=0,
    )
    with serving(settings, clock) as url:
        api = Api(settings, database, clock, url)
        store(database, [Sold(product, clock(), "5") for product in (3, 4)])
        with api.client:
            yield api
