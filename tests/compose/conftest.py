"""docker-compose.yml as a running project, which each test finds whole. Run by `make test-compose`."""

from collections.abc import Iterator

import httpx
import pytest

from tests.compose import load
from tests.support.product.interface import client_of
from tests.support.product.project import Project


@pytest.fixture
def project(started_project: Project) -> Project:
    """The project with everything running, whatever the test before did."""
    started_project.restore()
    return started_project


@pytest.fixture
def kept_promise(project: Project) -> Iterator[None]:
    """After the test: everything that Kafka holds is stored once and counted once."""
    yield
    assert load.check(project) > 0


@pytest.fixture(scope="package")
def token(started_project: Project) -> str:
    """A token for everything. It is asked for before `project`, which lives shorter."""
    started_project.restore()
    return started_project.token("tests")


@pytest.fixture
def client(project: Project, token: str) -> Iterator[httpx.Client]:
    """A client of the load balancer with that token."""
    with client_of(project, token) as client:
        yield client
