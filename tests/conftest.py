"""Options and fixtures of all tests. Servers are real; a session starts each when a test first asks for it."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from stack.errors import PartMissing
from tests.support.product.project import Project
from tests.support.servers import containers, local
from tests.support.servers.interface import KafkaServer, MongoServer, Server

# No deadline for an example: a machine may be slow for a moment.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")

COMPOSE = Path(__file__).parent / "compose"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--faults",
        choices=("short", "full"),
        default="short",
        help="which scenarios of tests/faults to run, and with how many faults",
    )
    parser.addoption(
        "--servers",
        choices=("auto", "local", "containers"),
        default="auto",
        help="what Kafka and MongoDB are; auto: containers where a Docker engine answers, else local processes",
    )
    parser.addoption(
        "--compose",
        action="store_true",
        help="run tests/compose, and tests/e2e on containers; make test-compose gives it",
    )
    parser.addoption("--seed", type=int, default=1, help="seed of every random choice in tests/faults")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "full: only the full form of the fault suite runs this scenario")
    config.addinivalue_line("markers", "local(reason): needs processes, so it is not run on containers")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Skip tests/compose unless asked for: it needs images and an engine, which `make test-compose` makes first."""
    return True if collection_path == COMPOSE and not config.getoption("--compose") else None


@pytest.fixture(scope="session")
def started_servers() -> Iterator[list[Server]]:
    """The servers that this session has started; they end with it."""
    servers: list[Server] = []
    yield servers
    for server in servers:
        server.close()


@pytest.fixture(scope="session")
def in_containers(pytestconfig: pytest.Config) -> bool:
    """Whether servers are containers, or else processes of the local stack's parts."""
    kind = pytestconfig.getoption("--servers")
    return kind == "containers" or (kind == "auto" and containers.engine_answers())


@pytest.fixture(scope="session")
def kafka(started_servers: list[Server], in_containers: bool, tmp_path_factory: pytest.TempPathFactory) -> KafkaServer:
    """Apache Kafka without topics; a test creates its topic by `kafka.create_topic(name, partitions)`."""
    try:
        server = containers.ContainerKafka() if in_containers else local.kafka(tmp_path_factory.mktemp("kafka"))
    except PartMissing as missing:
        local.skip_or_fail(missing)
    started_servers.append(server)
    server.start()
    return server


@pytest.fixture(scope="session")
def mongo(started_servers: list[Server], in_containers: bool, tmp_path_factory: pytest.TempPathFactory) -> MongoServer:
    """A MongoDB replica set at `mongo.uri`; each test names its database."""
    try:
        server = containers.ContainerMongo() if in_containers else local.mongo(tmp_path_factory.mktemp("mongo"))
    except PartMissing as missing:
        local.skip_or_fail(missing)
    started_servers.append(server)
    server.start()
    return server


@pytest.fixture(scope="session")
def started_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """docker-compose.yml with two API instances and three consumers, their images built from this tree."""
    project = Project(tmp_path_factory.mktemp("compose"), f"test-{secrets.token_hex(4)}")
    try:
        project.up("--build")
        yield project
    finally:
        project.close()


@pytest.fixture(autouse=True)
def _servers_restored(started_servers: list[Server]) -> Iterator[None]:
    """A test may kill or freeze a server: the next test finds it running."""
    yield
    for server in started_servers:
        server.restore()
