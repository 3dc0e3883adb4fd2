"""`python -m scripts.tokens` and an API that use the same database and the present time."""

from collections.abc import Iterator

import pytest

from tests.integration.api.conftest import empty_database, running_api
from tests.support.api import KEY, Api, RunningClock
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
    """An API whose clock shows the present, as the command's does."""
    with running_api(mongo, database, clock) as api:
        store(database, [Sold(product, clock(), "5") for product in (3, 4)])
        yield api
