"""More and fewer containers under load."""

import httpx
import pytest

from stack.waiting import wait_until
from tests.compose.load import Load
from tests.support.project import Project, addresses, inspect
from tests.support.traffic import Traffic

PATH = "/api/product/sale"
SETTLED_SECONDS = 30


def owners(project: Project) -> set[str]:
    """Who reads the topic's partitions."""
    with project.database() as database:
        return {str(one["owner"]) for one in database.partitions.find()}


def test_consumers_come_and_go_under_load(project: Project, kept_promise: None) -> None:
    with Load(project, count=8000, rate=400) as load:
        for consumers in (3, 1, 4):
            project.up(consumer=consumers)
            assert len(project.containers("consumer")) == consumers
            wait_until(f"{consumers} consumers to share", lambda n=consumers: len(owners(project)) == n, SETTLED_SECONDS)
        assert load.is_running, "the load ended before the last change"


def test_nginx_finds_new_instances_and_misses_none(project: Project, client: httpx.Client) -> None:
    balancer = project.one("nginx")
    started = inspect(balancer)["State"]["StartedAt"]
    with Traffic(client, PATH) as traffic:
        traffic.wait_for(50)
        project.up(api=4)
        networks = [set(addresses(one)) for one in project.containers("api")]

        def all_asked() -> bool:
            log = project.logs("nginx")
            return all(any(f'"instance":"{address}:8000"' in log for address in one) for one in networks)

        wait_until("every new instance to be asked", all_asked, SETTLED_SECONDS)
        project.up(api=2)
        traffic.wait_for(50)
    assert set(traffic.outcomes) == {200}
    assert (project.one("nginx"), inspect(balancer)["State"]["StartedAt"]) == (balancer, started)


@pytest.mark.parametrize("way", ["restart", "down and up"])
def test_data_outlive_the_containers(project: Project, client: httpx.Client, kept_promise: None, way: str) -> None:
    before = client.get("/api/product/rating/1").text
    with Load(project, count=1000, rate=1000):
        pass
    if way == "restart":
        project.compose("restart")
    else:
        project.compose("down")
    project.up()
    wait_until("answers again", lambda: client.get(PATH).status_code == 200, SETTLED_SECONDS)
    assert before.startswith('{"average_rating": ') or "No product" in before
    assert client.get("/api/product/rating/1").json()["average_rating"] is not None
