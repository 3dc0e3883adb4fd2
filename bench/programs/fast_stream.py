"""Copies by FastStream, one `insert_many` a batch: `python fast_stream.py SERVERS TOPIC URI DATABASE`

It acknowledges a batch after it has stored the batch, so each event is stored at least once.
"""

import asyncio
import logging
import sys

from faststream import AckPolicy, FastStream
from faststream.confluent import KafkaBroker
from pymongo import AsyncMongoClient

RECORDS_A_BATCH = 5_000
"""The most events in a batch, as many as Kafka Connect gets by one poll. Half of it doubles the requests to MongoDB;
twice of it would be more than the other peers have."""


def main(servers: str, topic: str, uri: str, database: str) -> None:
    """Copy events until the process is ended."""
    broker = KafkaBroker(servers, log_level=logging.WARNING)
    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(uri)
    events = client[database]["events"]

    @broker.subscriber(  # type: ignore[untyped-decorator]  # this project's environment does not hold FastStream
        topic,
        group_id=database,
        batch=True,
        max_records=RECORDS_A_BATCH,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.NACK_ON_ERROR,
    )
    async def store(batch: list[dict[str, object]]) -> None:
        for event in batch:
            event.pop("_id", None)  # some events have a field `_id`, and two of the same value would collide
        await events.insert_many(batch)

    asyncio.run(FastStream(broker).run())


if __name__ == "__main__":
    main(*sys.argv[1:])
