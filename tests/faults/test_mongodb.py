"""MongoDB that loses its primary, is killed, has a full disk, or hardly gets any processor time."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from threading import Event, Thread

import pytest

from stack import ports
from stack.parts.mongo import Mongo
from stack.waiting import wait_until
from tests.faults.checks import behaviour
from tests.faults.checks.behaviour import paused_again
from tests.faults.checks.ownership import MOVE_SECONDS
from tests.faults.conftest import Start
from tests.faults.injection.disk import small_disk
from tests.faults.injection.members import Members
from tests.support.servers.interface import MongoServer
from tests.support.servers.local import LocalMongo

BURSTS = 10
STOPPED_SECONDS, RUNNING_SECONDS = 0.4, 0.3
"""The slowed mongod stands still for more than half of the time."""


@pytest.fixture(scope="module")
def started_members(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Members]:
    with closing(Members(tmp_path_factory.mktemp("members"))) as made:
        made.start()
        yield made


@pytest.fixture
def members(started_members: Members) -> Iterator[Members]:
    """A replica set of three members, all of which run before and after the test."""
    yield started_members
    started_members.restore()


@pytest.mark.timeout(600)
def test_primaries_that_step_down_die_or_freeze(start: Start, full: bool, members: Members) -> None:
    scenario = start(mongo=members)
    kinds = ["step down", "kill"] + full * (["step down"] * 6 + ["kill"] * 3 + ["freeze"] * 3)
    scenario.choose.shuffle(kinds)
    with scenario.under_traffic(400):
        consumers = [scenario.consumer() for _ in range(2)]
        scenario.wait_progress(200)
        for kind in kinds:
            depose(members, kind)
            scenario.fault()
            scenario.wait_progress(200)
            members.restore()
    scenario.finish(ask_all=True)
    assert [consumer.stop() for consumer in consumers] == [0, 0]


def depose(members: Members, kind: str) -> None:
    """Take the primary away in one of three ways, and wait for the next primary."""
    if kind == "step down":
        members.step_down()
    elif kind == "kill":
        members.kill()
    else:
        members.freeze()
    members.wait_primary()


def resigned(members: Members, port: int) -> bool:
    """Whether this member no longer takes writes."""
    return not members.is_primary(port)


@pytest.mark.timeout(400)
def test_what_a_primary_alone_had_was_never_called_committed(start: Start, full: bool, members: Members) -> None:
    """The primary goes on while the other two are frozen, and dies before they come back.

    They take over without the writes that only the primary had. No offset that the consumer committed to Kafka is among
    those.
    """
    scenario = start(mongo=members)
    with scenario.under_traffic(300):
        consumer = scenario.consumer()
        for _ in range(3 if full else 1):
            scenario.wait_progress(300)
            alone, others = members.wait_primary(), members.secondaries()
            for port in others:
                members.freeze_member(port)
            wait_until("the primary's resignation", partial(resigned, members, alone), MOVE_SECONDS)
            consumer.freeze()
            members.kill_member(alone)
            members.thaw()
            members.wait_primary()
            behaviour.check_offsets_committed_to_kafka(scenario.group)
            scenario.fault()
            consumer.thaw()
            members.restore()
    scenario.finish()
    assert consumer.stop() == 0


@pytest.mark.full
def test_a_restarted_and_a_killed_mongod(start: Start) -> None:
    scenario = start()
    with scenario.under_traffic(400):
        consumer = scenario.consumer()
        for kind in ("stop", "kill", "stop", "kill"):
            scenario.wait_progress(200)
            server = scenario.group.mongo
            server.stop() if kind == "stop" else server.kill()
            server.start()
            scenario.fault()
        scenario.wait_progress(200)
    scenario.finish()
    assert consumer.stop() == 0


@contextmanager
def slowed(server: MongoServer) -> Iterator[None]:
    """Freeze the server and let it go on, by turns, while the block runs."""
    ends = Event()

    def run() -> None:
        while not ends.wait(RUNNING_SECONDS):
            server.freeze()
            ends.wait(STOPPED_SECONDS)
            server.thaw()

    thread = Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        ends.set()
        thread.join()


@pytest.mark.full
def test_a_mongod_that_hardly_runs(start: Start) -> None:
    scenario = start()
    with scenario.under_traffic(400):
        consumer = scenario.consumer()
        scenario.wait_progress(200)
        with slowed(scenario.group.mongo):
            for _ in range(BURSTS):
                scenario.wait_progress(100)
                scenario.fault()
    scenario.finish()
    assert "MAXPOLL" not in consumer.output
    assert consumer.stop() == 0


@pytest.mark.full
@pytest.mark.timeout(400)
def test_a_disk_that_is_full(start: Start, tmp_path: Path) -> None:
    """mongod ends or refuses writes. With room again and mongod restarted, the consumer goes on by itself."""
    with small_disk(tmp_path / "disk") as disk:
        (port,) = ports.pick(1)
        server = LocalMongo(Mongo(home=disk.folder, port=port, cache_gb=0.25), port, tmp_path / "mongod.log")
        with closing(server):
            server.start()
            scenario = start(mongo=server)
            with scenario.under_traffic(400):
                consumer = scenario.consumer()
                for _ in range(2):
                    scenario.wait_progress(300)
                    pauses = consumer.output.count("reading pauses")
                    disk.fill()
                    wait_until("a pause", partial(paused_again, consumer, pauses), MOVE_SECONDS)
                    disk.empty()
                    server.restore()
                    scenario.fault()
                scenario.wait_progress(300)
            scenario.finish()
            assert consumer.stop() == 0
