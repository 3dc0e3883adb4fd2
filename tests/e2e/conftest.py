"""The whole system, started once for the tests of this folder."""

from collections.abc import Iterator

import httpx
import pytest

from stack.client import READING
from stack.errors import PartMissing
from tests.support import local
from tests.support.servers import KafkaServer, MongoServer
from tests.support.system import System


@pytest.fixture(scope="package")
def started_system(
    kafka: KafkaServer, mongo: MongoServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    """Two API instances and two consumers behind nginx."""
    try:
        system = System(kafka, mongo, tmp_path_factory.mktemp("system"))
    except PartMissing as missing:
        local.without(missing)
    try:
        system.start()
        yield system
    finally:
        system.close()


@pytest.fixture
def system(started_system: System) -> System:
    """The system with every process running, whatever the test before did."""
    started_system.start()
    return started_system


@pytest.fixture(scope="package")
def token(started_system: System) -> str:
    """A token for everything."""
    return started_system.script("scripts.tokens", "issue", "--name", "tests", *READING)


@pytest.fixture
def client(system: System, token: str) -> Iterator[httpx.Client]:
    """A client of the load balancer with that token."""
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=system.url, headers=headers, timeout=15, verify=system.trust) as client:
        yield client
