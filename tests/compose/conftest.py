"""docker-compose.yml, brought up once for the tests of this folder; each finds it whole. Run by `make test-compose`."""

import secrets
import ssl
from collections.abc import Iterator

import httpx
import pytest

from tests.compose import load
from tests.support.project import Project


@pytest.fixture(scope="package")
def started_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """Two API instances, three consumers; the images of the services built from this tree."""
    project = Project(tmp_path_factory.mktemp("compose"), f"test-{secrets.token_hex(4)}")
    try:
        project.up("--build")
        yield project
    finally:
        project.close()


@pytest.fixture
def project(started_project: Project) -> Project:
    """The project with everything running, whatever the test before did."""
    if not started_project.is_whole():
        started_project.up()
    return started_project


@pytest.fixture
def kept_promise(project: Project) -> Iterator[None]:
    """After the test: everything that Kafka holds is stored once and counted once."""
    yield
    assert load.check(project) > 0


@pytest.fixture(scope="package")
def token(started_project: Project) -> str:
    """A token for everything."""
    return started_project.token("tests")


@pytest.fixture
def client(project: Project, token: str) -> Iterator[httpx.Client]:
    """A client of the load balancer with that token."""
    trust = ssl.create_default_context(cafile=project.authority)
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=project.url, headers=headers, timeout=15, verify=trust) as client:
        yield client
