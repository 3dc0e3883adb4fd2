"""Containers that die while events come in and requests are answered: the project recovers and loses nothing."""

import os
import signal

import httpx
import pytest

from stack.waiting import wait_until
from tests.compose.load import Load
from tests.support.product.docker import docker, inspect
from tests.support.product.project import Project
from tests.support.requests.traffic import Traffic

PATH = "/api/product/sale"
# Which status codes clients may see when a container of the service dies: without MongoDB the API answers 503.
OUTCOMES = {"consumer": {200}, "api": {200}, "kafka": {200}, "mongo": {200, 502, 503}}
COUNTS = {"consumer": 3, "api": 2, "kafka": 1, "mongo": 1}

every_service = pytest.mark.parametrize("service", OUTCOMES)


def crash(container: str) -> None:
    """Kill the container's first process. The engine takes it for a crash, since nobody asked the engine to end it."""
    os.kill(inspect(container)["State"]["Pid"], signal.SIGKILL)


@every_service
def test_a_crash_is_recovered_from_without_help_and_a_kill_by_start(
    project: Project, client: httpx.Client, kept_promise: None, service: str
) -> None:
    """The engine restarts a container that has crashed. It never restarts one that a person killed; `start` does."""
    victim = project.one(service)

    def recovers() -> None:
        project.wait_healthy(service, COUNTS[service])
        wait_until("answers again", lambda: client.get(PATH).status_code == 200, 30)
        traffic.wait_for(50)

    with Load(project, rate=250), Traffic(client, PATH) as traffic:
        traffic.wait_for(50)
        crash(victim)
        wait_until("the engine to start it again", lambda: inspect(victim)["RestartCount"] >= 1, 20)
        recovers()
        docker("kill", victim)
        assert inspect(victim)["State"]["Running"] is False
        traffic.wait_for(4)
        project.compose("start", service)
        recovers()
    assert set(traffic.outcomes) <= OUTCOMES[service]
