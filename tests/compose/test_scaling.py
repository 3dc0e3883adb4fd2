"""More and fewer containers under load, and data that outlive them."""

from functools import partial

import httpx

from stack.waiting import wait_until
from tests.compose import load
from tests.compose.load import Load
from tests.support.product.docker import addresses, inspect
from tests.support.product.project import Project
from tests.support.requests.traffic import Traffic

PATH = "/api/product/sale"
RATING = "/api/product/rating/1"
SETTLED_SECONDS = 30
RESTARTED_SECONDS = 120


def shared_by(project: Project, consumers: int) -> bool:
    """Whether the topic's partitions belong to exactly so many consumers."""
    with project.database() as database:
        return len({one["owner"] for one in database.partitions.find()}) == consumers


def all_asked(project: Project) -> bool:
    """Whether nginx has sent a request to every API instance that runs."""
    log = project.log("nginx")
    networks = [addresses(one) for one in project.containers("api")]
    return all(any(f'"instance":"{address}:8000"' in log for address in one) for one in networks)


def test_instances_and_consumers_come_and_go_under_load(
    project: Project, client: httpx.Client, kept_promise: None
) -> None:
    """nginx finds new instances and does without old ones, and is not restarted. Every consumer gets partitions."""
    balancer = project.one("nginx")
    started = inspect(balancer)["State"]["StartedAt"]
    with Load(project, rate=250), Traffic(client, PATH) as traffic:
        traffic.wait_for(50)
        wait_until("3 to share", partial(shared_by, project, 3), SETTLED_SECONDS)
        for instances, consumers in ((4, 1), (2, 4)):
            project.up(api=instances, consumer=consumers)
            assert [len(project.containers(one)) for one in ("api", "consumer")] == [instances, consumers]
            wait_until(f"{consumers} to share", partial(shared_by, project, consumers), SETTLED_SECONDS)
            wait_until("every instance to be asked", partial(all_asked, project), SETTLED_SECONDS)
        traffic.wait_for(50)
    assert set(traffic.outcomes) == {200}
    assert (project.one("nginx"), inspect(balancer)["State"]["StartedAt"]) == (balancer, started)


def test_data_outlive_the_containers(project: Project, client: httpx.Client, kept_promise: None) -> None:
    """The containers are restarted, and then removed and created again."""
    project.publish("generate", "--count", "1000", "--products", "10")
    wait_until("the average", lambda: client.get(RATING).status_code == 200, SETTLED_SECONDS)
    load.check(project)
    before = client.get(RATING).json()
    project.compose("restart")
    wait_until("everything to be healthy", project.is_whole, RESTARTED_SECONDS)
    answers(client, before)
    project.compose("down")
    project.up()
    answers(client, before)


def answers(client: httpx.Client, before: object) -> None:
    """Assert that the rating is the same as before, once the API answers."""
    wait_until("answers again", lambda: client.get(PATH).status_code == 200, SETTLED_SECONDS)
    assert client.get(RATING).json() == before
