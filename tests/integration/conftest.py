"""A consumer's committer on a database of its own, for tests that write batches without Kafka."""

import uuid
from collections.abc import Iterator

import pytest
from pydantic import SecretStr

from shared.mongo import connect
from shared.settings import SharedSettings
from tests.support.documents.writing import Writer
from tests.support.servers.interface import MongoServer


@pytest.fixture
def writer(mongo: MongoServer) -> Iterator[Writer]:
    settings = SharedSettings(mongodb_uri=SecretStr(mongo.uri), mongodb_database=f"store-{uuid.uuid4().hex[:12]}")
    database = connect(settings, "tests")
    yield Writer(database)
    database.client.close()
