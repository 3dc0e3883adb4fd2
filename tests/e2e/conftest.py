"""The whole product, started once for the tests of this folder: as processes, or with `--compose` as containers.

A test asks for `product`, which is the one or the other. A test that needs the processes themselves asks for `system`
and is marked `local` with its reason.
"""

from collections.abc import Iterator

import httpx
import pytest

from stack.drivers.client import READING
from stack.errors import PartMissing
from tests.support.product.interface import Product, client_of
from tests.support.product.project import Project
from tests.support.product.system import System
from tests.support.servers import local
from tests.support.servers.interface import KafkaServer, MongoServer


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--compose"):
        for item in items:
            if (mark := item.get_closest_marker("local")) is not None:
                item.add_marker(pytest.mark.skip(reason=f"not against compose: {mark.args[0]}"))


@pytest.fixture(scope="package")
def started_system(
    pytestconfig: pytest.Config, kafka: KafkaServer, mongo: MongoServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    """Two API instances and two consumers behind nginx."""
    assert not pytestconfig.getoption("--compose"), "the test asks for processes, so it must be marked `local`"
    try:
        system = System(kafka, mongo, tmp_path_factory.mktemp("system"))
    except PartMissing as missing:
        local.skip_or_fail(missing)
    try:
        system.start()
        yield system
    finally:
        system.close()


@pytest.fixture
def system(started_system: System) -> System:
    """The product as processes, all of which run, whatever the test before has done."""
    started_system.start()
    return started_system


@pytest.fixture(scope="package")
def started_product(request: pytest.FixtureRequest, pytestconfig: pytest.Config) -> Product:
    """The product, as containers or as processes."""
    if pytestconfig.getoption("--compose"):
        project: Project = request.getfixturevalue("started_project")
        project.restore()
        return project
    system: System = request.getfixturevalue("started_system")
    return system


@pytest.fixture
def product(request: pytest.FixtureRequest, started_product: Product) -> Product:
    """The product, of which everything runs. (No test here ends a container.)"""
    if isinstance(started_product, System):
        request.getfixturevalue("system")
    return started_product


@pytest.fixture(scope="package")
def token(started_product: Product) -> str:
    """A token that may read everything."""
    return started_product.tokens("issue", "--name", "tests", *READING)


@pytest.fixture
def client(product: Product, token: str) -> Iterator[httpx.Client]:
    """A client of the load balancer that sends that token."""
    with client_of(product, token) as client:
        yield client
