"""What consumers logged, and the offsets that they committed to Kafka.

No fault may make a consumer fail, halt a partition unasked, claim twice with one epoch, or commit an offset to Kafka
that MongoDB does not hold.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from stack.waiting import wait_until
from tests.support.kafka.consumer_group import ConsumerGroup
from tests.support.process import Running

TAKEOVER_SECONDS = 15.0
"""How long a partition may wait for its claim once Kafka has assigned it; docs/guarantees.md promises this bound."""


def entries(consumer: Running) -> Iterator[dict[str, Any]]:
    """The entries of the consumer's log, without a line that a kill cut short."""
    for line in consumer.output.splitlines():
        if line.startswith("{") and line.endswith("}"):
            yield json.loads(line)


def paused_again(consumer: Running, pauses: int) -> bool:
    """Whether the consumer has logged more than `pauses` times that it pauses because MongoDB is away."""
    return consumer.output.count("reading pauses") > pauses


def wait_without_halts(group: ConsumerGroup, what: str, ready: Callable[[], bool], seconds: float) -> None:
    """Wait for a condition. Fails at once when a consumer halts a partition: only a person could end that."""

    def ready_or_halted() -> bool:
        for consumer in group.consumers:
            halts = [line for line in consumer.output.splitlines() if "partition halted" in line]
            assert not (consumer.is_running and halts), f"a consumer halted: {halts[-1]}"
        return ready()

    wait_until(what, ready_or_halted, seconds)


def check(group: ConsumerGroup, *, halts: bool) -> None:
    """Assert that no consumer failed, none halted (unless `halts`), and no two claims of a partition had one epoch."""
    claims: Counter[tuple[int, int]] = Counter()
    for consumer in group.consumers:
        for entry in entries(consumer):
            what = entry["event"]
            assert not what.startswith("consumer failed"), entry
            assert halts or what not in ("consumer halted", "partition halted"), entry
            assert "moved back" not in what, f"what was committed is gone: {entry}"
            if what == "partition claimed":
                claims[entry["partition"], entry["epoch"]] += 1
    shared = [claim for claim, times in claims.items() if times > 1]
    assert not shared, f"two claims of a partition had the same epoch, so neither fences the other: {shared}"


def check_offsets_committed_to_kafka(group: ConsumerGroup) -> None:
    """Assert that no offset that was committed to Kafka, for lag tools, is ahead of MongoDB's."""
    stored = {one["_id"]["k"]: one["next_offset"] for one in group.database.partitions.find()}
    reader = Consumer({"bootstrap.servers": group.kafka.bootstrap_servers, "group.id": group.topic, "log_level": 0})
    try:
        committed = reader.committed([TopicPartition(group.topic, partition) for partition in stored], timeout=15)
    finally:
        reader.close()
    for one in committed:
        assert one.offset <= stored[one.partition], f"Kafka has {one}, MongoDB holds {stored[one.partition]}"


def takeover_seconds(consumer: Running) -> Iterable[float]:
    """For each claim that the consumer logged: how many seconds before it Kafka had assigned the partition."""
    assigned: dict[int, datetime] = {}
    for entry in entries(consumer):
        at = datetime.fromisoformat(entry["timestamp"])
        if entry["event"] == "partitions assigned":
            assigned |= dict.fromkeys(entry["partitions"], at)
        elif entry["event"] in ("partitions lost", "partitions revoked"):
            for partition in entry["partitions"]:
                assigned.pop(partition, None)
        elif entry["event"] == "partition claimed" and entry["partition"] in assigned:
            yield (at - assigned.pop(entry["partition"])) / timedelta(seconds=1)


def check_takeovers(consumer: Running) -> None:
    """Assert that no partition waited longer than `TAKEOVER_SECONDS` for its claim."""
    slowest = max(takeover_seconds(consumer), default=0.0)
    assert slowest <= TAKEOVER_SECONDS, f"a partition waited {slowest:.1f} s for its claim"
