"""What librdkafka's statistics say of a topic's partitions: what Kafka held, and how the client fetches it.

librdkafka makes them twice a second (`statistics.interval.ms` in `consumer_config`). `Progress` draws conclusions.
"""

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from consumer.partitions.brokers import QUEUED_MESSAGES

_FAILURES = ("txerrs", "rxerrs", "req_timeouts", "disconnects")
"""What the statistics count of a broker that leaves a fetch without an answer."""


class Fetches(NamedTuple):
    """What the client has done at one broker since it started."""

    sent: int
    """Fetches that were sent; each but the last is answered or has failed."""
    failed: int
    """Requests that failed and connections that broke, whatever the request."""


class Snapshot(NamedTuple):
    """What librdkafka's statistics say of one partition. Times are of the monotonic clock."""

    at: float
    """When the statistics were made."""
    leader: int
    fetches: Fetches | None
    """From the leader; None where it is not known."""
    has_room: bool
    """Whether the partition is fetched and the client's queue has room, so that the next fetch asks for it."""
    stable: int
    """The offset up to which the consumer gets records: the last stable offset, or the high watermark under
    `read_uncommitted`. Below 0 while unknown."""
    high: int
    """The high watermark, from the same answer; below 0 while unknown."""

    def is_newer_than(self, earlier: "Snapshot") -> bool:
        """Whether its high watermark was surely named after the moment of earlier statistics."""
        if self.fetches is None or earlier.fetches is None or self.leader != earlier.leader:
            return False
        sent, failed = self.fetches
        return earlier.has_room and sent >= earlier.fetches.sent + 2 and failed == earlier.fetches.failed


def snapshots_of(text: str, topic: str, queue_bytes: int) -> dict[int, Snapshot]:
    """What the statistics say of each partition of `topic`.

    `text` is JSON. `ts` is when it was made, in microseconds of the monotonic clock. The group's coordinator has an
    entry and a connection of its own, which fetches nothing. `queue_bytes` of records fit into the client's queue.
    """
    statistics = json.loads(text)
    fetches = {
        broker["nodeid"]: Fetches(broker["req"].get("Fetch", 0), sum(broker[name] for name in _FAILURES))
        for broker in statistics["brokers"].values()
        if broker["source"] != "logical"
    }
    partitions: dict[str, Any] = statistics["topics"].get(topic, {}).get("partitions", {})
    return {
        int(number): Snapshot(
            statistics["ts"] / 1e6,
            said["leader"],
            fetches.get(said["leader"]),
            _has_room(said, queue_bytes),
            said["ls_offset"],
            said["hi_offset"],
        )
        for number, said in partitions.items()
    }


def _has_room(said: Mapping[str, Any], queue_bytes: int) -> bool:
    """Whether the client fetches a partition, by its part of the statistics. A queue that is half full may be full
    once the answer that is under way has come."""
    is_half_empty = 2 * said["fetchq_cnt"] < QUEUED_MESSAGES and 2 * said["fetchq_size"] < queue_bytes
    return bool(said["fetch_state"] == "active" and is_half_empty)
