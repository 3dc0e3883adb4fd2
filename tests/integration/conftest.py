"""A database of its own for a test that writes to MongoDB without Kafka, and a consumer's committer on it."""

import uuid
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from shared.mongo import SyncDatabase, connect
from shared.settings import SharedSettings
from tests.support.documents.writing import Writer
from tests.support.servers.interface import MongoServer


@pytest.fixture
def database(mongo: MongoServer) -> Iterator[SyncDatabase]:
    settings = SharedSettings(mongodb_uri=SecretStr(mongo.uri), mongodb_database=f"test-{uuid.uuid4().hex[:12]}")
    one = connect(settings, "tests")
    yield one
    one.client.close()


@pytest.fixture
def writer(database: SyncDatabase) -> Writer:
    return Writer(database)
