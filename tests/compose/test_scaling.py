"""More and fewer containers under load."""

from functools import partial

import httpx
import pytest

from stack.waiting import wait_until
from tests.compose import load
from tests.compose.load import Load
from tests.support.docker import addresses, inspect
from tests.support.project import Project
from tests.support.traffic import Traffic

PATH = "/api/product/sale"
RATING = "/api/product/rating/1"
SETTLED_SECONDS = 30
RESTARTED_SECONDS = 120


def shared_by(project: Project, consumers: int) -> bool:
    """Whether so many consumers read the topic's partitions."""
    with project.database() as database:
        return len({one["owner"] for one in database.partitions.find()}) == consumers


def test_consumers_come_and_go_under_load(project: Project, kept_promise: None) -> None:
    with Load(project, rate=250):
        for consumers in (3, 1, 4):
            project.up(consumer=consumers)
            assert len(project.containers("consumer")) == consumers
            wait_until(f"{consumers} to share", partial(shared_by, project, consumers), SETTLED_SECONDS)


def test_nginx_finds_new_instances_and_misses_none(project: Project, client: httpx.Client) -> None:
    balancer = project.one("nginx")
    started = inspect(balancer)["State"]["StartedAt"]
    with Traffic(client, PATH) as traffic:
        traffic.wait_for(50)
        project.up(api=4)
        networks = [set(addresses(one)) for one in project.containers("api")]

        def all_asked() -> bool:
            log = project.log("nginx")
            return all(any(f'"instance":"{address}:8000"' in log for address in one) for one in networks)

        wait_until("every new instance to be asked", all_asked, SETTLED_SECONDS)
        project.up(api=2)
        traffic.wait_for(50)
    assert set(traffic.outcomes) == {200}
    assert (project.one("nginx"), inspect(balancer)["State"]["StartedAt"]) == (balancer, started)


@pytest.mark.parametrize("way", ["restart", "down and up"])
def test_data_outlive_the_containers(project: Project, client: httpx.Client, kept_promise: None, way: str) -> None:
    project.consumer_script("-m", "scripts.publish", "generate", "--count", "1000", "--products", "10")
    wait_until("the average", lambda: client.get(RATING).status_code == 200, SETTLED_SECONDS)
    load.check(project)
    before = client.get(RATING).json()
    if way == "restart":
        project.compose("restart")
        wait_until("everything to be healthy", project.is_whole, RESTARTED_SECONDS)
    else:
        project.compose("down")
        project.up()
    wait_until("answers again", lambda: client.get(PATH).status_code == 200, SETTLED_SECONDS)
    assert client.get(RATING).json() == before
