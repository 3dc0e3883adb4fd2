"""FastStream with its batches and one `insert_many` a batch: `python fast_stream.py SERVERS TOPIC URI DATABASE`

At least once: a batch is acknowledged after it is stored.
"""

import asyncio
import logging
import sys

from faststream import AckPolicy, FastStream
from faststream.confluent import KafkaBroker
from pymongo import AsyncMongoClient

RECORDS_A_BATCH = 5_000


def main(servers: str, topic: str, uri: str, database: str) -> None:
    """Copy until ended."""
    broker = KafkaBroker(servers, log_level=logging.WARNING)
    client: AsyncMongoClient[dict[str, object]] = AsyncMongoClient(uri)
    events = client[database]["events"]

    @broker.subscriber(  # type: ignore[untyped-decorator]  # the environment of this project does not hold it
        topic,
        group_id=database,
        batch=True,
        max_records=RECORDS_A_BATCH,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.NACK_ON_ERROR,
    )
    async def store(batch: list[dict[str, object]]) -> None:
        for event in batch:
            event.pop("_id", None)  # some events bring their own, and these would collide
        await events.insert_many(batch)

    asyncio.run(FastStream(broker).run())


if __name__ == "__main__":
    main(*sys.argv[1:])
