"""`python -m scripts.tokens` and an API that use the same database and the present time."""

from collections.abc import Iterator

import pytest

from tests.integration.api.conftest import empty_database, running_api
from tests.support.api.running import KEY, Api, RunningClock
from tests.support.commands.tokens import TokensCommand
from tests.support.documents.given_events import Documents, GivenSale, store
from tests.support.servers.interface import MongoServer


@pytest.fixture
def database(mongo: MongoServer) -> Iterator[Documents]:
    with empty_database(mongo) as database:
        yield database


@pytest.fixture
def cli(mongo: MongoServer, database: Documents) -> TokensCommand:
    return TokensCommand({"MONGODB_URI": mongo.uri, "MONGODB_DATABASE": database.name, "TOKEN_SIGNING_KEY": KEY})


@pytest.fixture
def clock() -> RunningClock:
    return RunningClock()


@pytest.fixture
def api(mongo: MongoServer, database: Documents, clock: RunningClock) -> Iterator[Api]:
    """An API whose clock shows the present, as the command's does."""
    with running_api(mongo, database, clock) as api:
        store(database, [GivenSale(product, clock(), "5") for product in (3, 4)])
        yield api
