"""What docs/operations/compose.md tells operators to do, done: an update, a backup, its restoration."""

import ssl
import subprocess
from pathlib import Path

import httpx

from stack.waiting import wait_until
from tests.compose import load
from tests.compose.load import Load
from tests.support.product.docker import inspect
from tests.support.product.project import PREFIX, Project
from tests.support.requests.traffic import Traffic

PATH = "/api/product/sale"
SERVICES = ("api", "consumer")
JOURNAL_CHANGES = "for _ in {1..3000}; do touch /data/db/journal/*; sleep 0.01; done"
"""Touches the journal's files for half a minute, as MongoDB may change them while a backup copies them."""


def newer(image: str) -> str:
    """Build a new image under the same tag, as an update does. Returns the new image's id."""
    subprocess.run(
        ["docker", "build", "--quiet", "--tag", image, "-"],
        input=f"FROM {image}\nLABEL release=next\n".encode(),
        check=True,
        capture_output=True,
    )
    return str(inspect(image)["Id"])


def test_an_update_fails_no_request_and_leaves_nothing_to_change(
    project: Project, client: httpx.Client, kept_promise: None
) -> None:
    balancer = project.one("nginx")
    images = {service: newer(f"{PREFIX}/{service}") for service in SERVICES}
    with Load(project, rate=250), Traffic(client, PATH) as traffic:
        traffic.wait_for(50)
        project.run("compose/update.sh")
        traffic.wait_for(50)
    assert set(traffic.outcomes) == {200}
    for service, count in (("api", 2), ("consumer", 3)):
        assert [inspect(one)["Image"] for one in project.containers(service)] == [images[service]] * count
    assert project.containers("nginx") == [balancer]
    before = project.compose("ps", "--all", "--quiet")
    project.up()
    assert project.compose("ps", "--all", "--quiet") == before


def test_a_backup_is_restored_and_what_came_later_is_read_again(
    project: Project, client: httpx.Client, tmp_path: Path
) -> None:
    copy = tmp_path / "a copy.tar"
    with Load(project, rate=250), Traffic(client, PATH) as traffic:
        traffic.wait_for(50)
        project.compose("exec", "--detach", "mongo", "bash", "-c", JOURNAL_CHANGES)
        project.run("compose/backup.sh", str(copy))
        traffic.wait_for(50)
    assert set(traffic.outcomes) == {200}, "a backup is no outage"
    everything = load.check(project)
    average = client.get("/api/product/rating/1").json()
    project.run("compose/restore.sh", str(copy))
    wait_until("everything to be healthy", project.is_whole, 90)
    assert load.check(project) == everything
    project.consumer_script("-m", "scripts.audit")
    wait_until("the same answer", lambda: client.get("/api/product/rating/1").json() == average, 30)


def test_kafka_and_mongodb_may_run_elsewhere(project: Project, tmp_path: Path, kept_promise: None) -> None:
    """A second project has neither server and uses those of the first, which stand for other machines."""
    network = tmp_path / "network.yml"
    network.write_text(f"networks: {{ data: {{ name: {project.name}_data, external: true }} }}\n")
    settings = {
        **project.passwords,
        "MONGODB_HOSTS": "mongo:27017",
        "MONGODB_OPTIONS": "replicaSet=rs0&authSource=admin",
        "KAFKA_BOOTSTRAP_SERVERS": "kafka:9092",
    }
    files = ("docker-compose.yml", "compose/external.yml", str(network))
    second = Project(tmp_path, f"{project.name}-second", files=files, settings=settings)
    try:
        second.up(api=1, consumer=1)
        running = set(second.compose("ps", "--services").split())
        assert running == {"nginx", "api", "consumer"}
        trust = ssl.create_default_context(cafile=second.authority)
        headers = {"Authorization": f"Bearer {second.token('elsewhere')}"}
        answer = httpx.get(f"{second.url}/api/product/sale", headers=headers, verify=trust)
        assert answer.status_code == 200
    finally:
        second.close()
