"""A backlog with little memory, ten thousand rejected messages in a row, and events that only MongoDB refuses."""

import re
from itertools import islice
from pathlib import Path

import pytest

from scripts.publish.generated.generate import GeneratedMessage, generate
from shared.documents import event_collection
from shared.mongo import ensure_event_collection
from stack.waiting import wait_until
from tests.faults.conftest import Start
from tests.support.documents.writing import rated
from tests.support.kafka.consumer_group import now_ms
from tests.support.process import Running

BACKLOG, MEMORY_MIB = 2_000_000, 300
POISON = 10_000
"""Messages that the contract rejects, one after another."""


def peak_mib(consumer: Running) -> float:
    """The most resident memory that the process ever had, in MiB."""
    status = Path(f"/proc/{consumer.pid}/status").read_text()
    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert peak, status
    return int(peak[1]) / 1024


@pytest.mark.full
@pytest.mark.timeout(1500)
def test_a_backlog_of_two_million_in_300_mib(start: Start) -> None:
    scenario = start(partitions=6)
    scenario.traffic.publish(BACKLOG)
    consumer = scenario.consumer("tests.faults.injection.limited", BATCH_MAX_EVENTS="20000", MEMORY_MIB=str(MEMORY_MIB))
    scenario.fault()
    scenario.wait_handled(900)
    peak = peak_mib(consumer)
    assert consumer.stop() == 0
    scenario.finish()
    assert peak <= MEMORY_MIB, f"{peak:.0f} MiB"


def test_ten_thousand_poison_messages_in_a_row(start: Start) -> None:
    """Each becomes a dead letter with its reason, and the messages after them are read."""
    scenario = start()
    scenario.traffic.send(generate(count=POISON, seed=scenario.choose.getrandbits(32), invalid=1.0))
    scenario.fault()
    scenario.traffic.publish(300)
    consumer = scenario.consumer(BATCH_MAX_EVENTS="1000")
    scenario.finish(ask_all=True)
    assert scenario.group.database.rejected_events.count_documents({}) >= POISON
    assert consumer.stop() == 0


def test_an_event_that_mongodb_alone_refuses(start: Start) -> None:
    """An operator added a validator that refuses one event; the consumer stores the rest of each batch."""
    scenario = start()
    consumer = scenario.consumer()
    scenario.traffic.publish(100)
    scenario.wait_handled()
    database = scenario.group.database
    at_ms = now_ms()
    ensure_event_collection(database, event_collection(at_ms))
    database.command("collMod", event_collection(at_ms), validator={"name_of_product": {"$ne": "refuse me"}})
    refused = GeneratedMessage(b"1", rated("refuse me", at_ms), "refused_by_database")
    messages = generate(count=400, products=10, seed=scenario.choose.getrandbits(32))
    for _ in range(4):
        scenario.traffic.send(islice(messages, 50))
        scenario.traffic.send(iter([refused]))
        scenario.fault()
    wait_until("dead letters", lambda: database.rejected_events.count_documents({}) >= 4, 60)
    scenario.finish()
    assert consumer.stop() == 0
