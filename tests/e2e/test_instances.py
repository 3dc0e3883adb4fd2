"""API instances that die, stop and start behind nginx: clients do not notice."""

import httpx
import pytest

from tests.support.product.system import System
from tests.support.requests.traffic import Traffic

pytestmark = pytest.mark.local("it ends processes and reads their metrics; tests/compose does so to containers")

PATH = "/api/product/sale"


def test_both_instances_serve(system: System, client: httpx.Client) -> None:
    before = system.answered(PATH)
    for _ in range(40):
        client.get(PATH).raise_for_status()
    gained = [now - then for now, then in zip(system.answered(PATH), before, strict=True)]
    assert sum(gained) == 40
    assert min(gained) >= 10


def test_a_killed_instance_is_invisible(system: System, client: httpx.Client) -> None:
    with Traffic(client, PATH) as traffic:
        traffic.wait_for(200)
        system.apis[0].kill()
        traffic.wait_for(400)
    assert set(traffic.outcomes) == {200}


def test_restarting_each_instance_is_invisible(system: System, client: httpx.Client) -> None:
    with Traffic(client, PATH) as traffic:
        for api in system.apis:
            traffic.wait_for(100)
            assert api.stop() == 0
            traffic.wait_for(100)
            api.start()
            system.wait_ready()
        traffic.wait_for(100)
    assert set(traffic.outcomes) == {200}


def test_a_restarted_instance_serves_again(system: System, client: httpx.Client) -> None:
    api = system.apis[0]
    api.kill()
    client.get(PATH).raise_for_status()
    client.get(PATH).raise_for_status()
    api.start()
    system.wait_ready()
    with Traffic(client, PATH) as traffic:
        api.wait_until("it serves", lambda: system.answered(PATH)[0] >= 10)
    assert set(traffic.outcomes) == {200}


def test_an_instance_that_was_down_a_moment_ago_is_found(system: System, client: httpx.Client) -> None:
    """nginx asks no instance for a while after it has failed, unless all other instances are gone too."""
    system.apis[0].kill()
    for _ in range(4):
        client.get(PATH).raise_for_status()
    system.apis[0].start()
    system.wait_ready()
    system.apis[1].kill()
    assert [client.get(PATH).status_code for _ in range(10)] == [200] * 10


def test_without_instances_the_answer_is_a_problem(system: System, client: httpx.Client) -> None:
    for api in system.apis:
        api.kill()
    answer = client.get(PATH)
    assert answer.status_code == 502
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Retry-After"] == "2"
    assert answer.json()["status"] == 502
    assert answer.json()["message"] == answer.json()["detail"]
    system.start()
    system.nginx.wait_until("it finds the instances again", lambda: client.get(PATH).status_code == 200)
