"""Batches written into a real MongoDB by the consumer's own code, as its database thread does it, without Kafka."""

import json
import re
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from bson.int64 import Int64
from confluent_kafka import TIMESTAMP_CREATE_TIME, Message
from pymongo.errors import AutoReconnect

from consumer.batches.batch import Batch, Rules
from consumer.partitions.assigned import Assigned
from consumer.partitions.brokers import NO_TOPIC_ID
from consumer.partitions.lease import Lease
from consumer.partitions.taken import Taken
from consumer.process.clocks import Clocks, utc_now
from consumer.storage.committer import Committer
from consumer.storage.preparation import prepare
from shared.documents import partition_id
from shared.mongo import SyncDatabase, ensure_collections
from tests.support.documents.invariant import raw_events

GROUP = TOPIC = "writing"
TOPIC_ID = "the topic's id"


class Writer:
    """One consumer's committer. `lease` claims partitions, whose offsets begin at 0."""

    def __init__(self, database: SyncDatabase) -> None:
        ensure_collections(database)
        self.database = database
        self.topic_id = TOPIC_ID
        self.skew = timedelta()
        self.loses_reply: Callable[[], bool] = lambda: False
        """Asked after each transaction: whether to lose the reply to its commit, as a broken connection would."""
        self.written: list[Batch] = []
        """The batches that the committer reported as written, oldest first."""
        self.rules = Rules(TOPIC, 400, copy_rejections=False)
        self.restart()

    def restart(self) -> None:
        """Begin anew as a restarted process does, with empty caches."""
        clocks = Clocks(self.database, self.clock)
        self.committer = Committer(
            self.database, GROUP, TOPIC, clocks, lambda: lambda: self.topic_id, self.written.append
        )
        transactions = self.committer._transactions
        run = transactions.run

        def run_and_lose(*arguments: Any) -> Any:
            known = run(*arguments)
            if self.loses_reply():
                raise AutoReconnect("the reply was lost")
            return known

        vars(transactions)["run"] = run_and_lose

    def clock(self) -> datetime:
        """The clock by which events are judged; `skew` shifts it."""
        return datetime.now(UTC) + self.skew

    def lease(self, partition: int = 0) -> Lease:
        """Claim a partition, whose epoch rises by one. Returns the lease."""
        new = {"next_offset": Int64(0), "first_offset": Int64(0), "generation": 1, "topic_id": TOPIC_ID}
        stored = self.database.partitions.find_one_and_update(
            {"_id": partition_id(GROUP, TOPIC, partition)},
            {"$inc": {"epoch": 1}, "$setOnInsert": new},
            upsert=True,
            return_document=True,
        )
        assert stored is not None
        offset = stored["next_offset"]
        return Lease(partition, stored["epoch"], 1, offset, read_from=offset, topic_id=TOPIC_ID)

    def taken(self, lease: Lease, values: Sequence[bytes], ahead: int = 0) -> Taken:
        """Take messages with these values, at the offsets from `ahead` after the lease's `next_offset` on."""
        now, first = int(time.time() * 1000), lease.next_offset + ahead
        messages = [
            Message(TOPIC, lease.partition, offset, b"", value, timestamp=(TIMESTAMP_CREATE_TIME, now))
            for offset, value in enumerate(values, first)
        ]
        return Assigned(lease.partition).take(lease, messages, self.clock())

    def batch(self, lease: Lease, values: Sequence[bytes]) -> Batch:
        """A batch of such messages."""
        return Batch(self.rules, [self.taken(lease, values)])

    def commit(self, batch: Batch) -> None:
        """Write a batch, in one or more transactions."""
        self.committer.commit(batch, prepare(batch, self.committer.recall))

    def stored(self) -> int:
        """How many events and dead letters are stored."""
        return sum(1 for _ in raw_events(self.database)) + self.database.rejected_events.count_documents({})


def sold(
    name: str = "name",
    at_ms: int | None = None,
    product: int = 1,
    padding: str = "",
    event_id: str | None = None,
    amount: int = 1,
) -> bytes:
    """The message of a sale; `padding` makes it larger by an unknown field."""
    event: dict[str, object] = {"event": "productSold", "name_of_product": name, "product_id": product}
    return _encoded(event | {"no_of_units": 1, "amount": amount}, at_ms, padding, event_id)


def rated(name: str = "name", at_ms: int | None = None, product: int = 1, event_id: str | None = None) -> bytes:
    """The message of a rating."""
    event = {"event": "productRated", "name_of_product": name, "product_id": product, "rating": 4, "category": "c"}
    return _encoded(event, at_ms, "", event_id)


def encoded(event: dict[str, object], at_ms: int) -> bytes:
    """The message of an event with these fields, which happened at `at_ms`. Decimals keep their digits."""
    numbers = {name: f"<{value}>" if isinstance(value, Decimal) else value for name, value in event.items()}
    return re.sub(rb'"<([0-9.]+)>"', rb"\1", _encoded(numbers, at_ms, "", None))


def _encoded(event: dict[str, object], at_ms: int | None, padding: str, event_id: str | None) -> bytes:
    if at_ms is not None:
        event["occurred_at"] = datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()
    if padding:
        event["padding"] = padding
    if event_id is not None:
        event["event_id"] = event_id
    return json.dumps(event).encode()


def unfenced_committer(database: SyncDatabase, group: str, topic: str) -> Committer:
    """A committer that never checks the topic's id, and reports to nobody what it wrote."""
    return Committer(database, group, topic, Clocks(database, utc_now), lambda: lambda: NO_TOPIC_ID, lambda _: None)
