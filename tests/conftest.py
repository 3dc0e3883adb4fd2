"""Fixtures of every test: real servers, started once a session when first asked for."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from stack.errors import PartMissing
from tests.support.product.project import Project
from tests.support.servers import containers, local
from tests.support.servers.interface import KafkaServer, MongoServer, Server

# A machine that is slow for a moment is no failure of the code.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

COMPOSE = Path(__file__).parent / "compose"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--faults", choices=("short", "full"), default="short", help="how much of tests/faults to run")
    parser.addoption(
        "--servers",
        choices=("auto", "local", "containers"),
        default="auto",
        help="of which kind Kafka and MongoDB are; auto: containers where a Docker engine answers",
    )
    parser.addoption(
        "--compose",
        action="store_true",
        help="run tests/compose, and tests/e2e against it; for make test-compose",
    )
    parser.addoption("--seed", type=int, default=1, help="seed of the fault suite's schedules")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "full: a scenario that only the full form of the fault suite runs")
    config.addinivalue_line("markers", "local(reason): holds for processes alone, so it is not run against compose")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """tests/compose needs images and an engine, which `make test-compose` makes first."""
    return True if collection_path == COMPOSE and not config.getoption("--compose") else None


@pytest.fixture(scope="session")
def started_servers() -> Iterator[list[Server]]:
    """The servers of this session; ended with it."""
    servers: list[Server] = []
    yield servers
    for server in servers:
        server.close()


@pytest.fixture(scope="session")
def in_containers(pytestconfig: pytest.Config) -> bool:
    """Whether servers are containers. Else they are the local stack's own parts."""
    kind = pytestconfig.getoption("--servers")
    return kind == "containers" or (kind == "auto" and containers.engine_answers())


@pytest.fixture(scope="session")
def kafka(started_servers: list[Server], in_containers: bool, tmp_path_factory: pytest.TempPathFactory) -> KafkaServer:
    """Apache Kafka without topics; a test makes its own by `kafka.create_topic(name, partitions)`."""
    try:
        server = containers.ContainerKafka() if in_containers else local.kafka(tmp_path_factory.mktemp("kafka"))
    except PartMissing as missing:
        local.skip_or_fail(missing)
    started_servers.append(server)
    server.start()
    return server


@pytest.fixture(scope="session")
def mongo(started_servers: list[Server], in_containers: bool, tmp_path_factory: pytest.TempPathFactory) -> MongoServer:
    """A replica set at `mongo.uri`; a test takes a database of its own."""
    try:
        server = containers.ContainerMongo() if in_containers else local.mongo(tmp_path_factory.mktemp("mongo"))
    except PartMissing as missing:
        local.skip_or_fail(missing)
    started_servers.append(server)
    server.start()
    return server


@pytest.fixture(scope="session")
def started_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """docker-compose.yml with two API instances, three consumers; the images of the services built from this tree."""
    project = Project(tmp_path_factory.mktemp("compose"), f"test-{secrets.token_hex(4)}")
    try:
        project.up("--build")
        yield project
    finally:
        project.close()


@pytest.fixture(autouse=True)
def _servers_restored(started_servers: list[Server]) -> Iterator[None]:
    """A test may kill or freeze a server; the next one finds it running."""
    yield
    for server in started_servers:
        server.restore()
