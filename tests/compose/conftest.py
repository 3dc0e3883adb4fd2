"""docker-compose.yml as a running project; each test finds everything in it running. `make test-compose` runs this."""

from collections.abc import Iterator

import httpx
import pytest

from tests.compose import load
from tests.support.product.interface import client_of
from tests.support.product.project import Project


@pytest.fixture
def project(started_project: Project) -> Project:
    """The project, of which everything runs, whatever the test before has done."""
    started_project.restore()
    return started_project


@pytest.fixture
def kept_promise(project: Project) -> Iterator[None]:
    """After the test, asserts that every message in Kafka is stored once and counted once."""
    yield
    assert load.check(project) > 0


@pytest.fixture(scope="package")
def token(started_project: Project) -> str:
    """A token that may read everything. (Made of `started_project`, since `project` lives for one test only.)"""
    started_project.restore()
    return started_project.token("tests")


@pytest.fixture
def client(project: Project, token: str) -> Iterator[httpx.Client]:
    """A client of the load balancer that sends that token."""
    with client_of(project, token) as client:
        yield client
