"""Copies in the plain style: one `insert_one` and one commit a message.

`python plain_consumer.py SERVERS TOPIC URI DATABASE`
"""

import json
import sys

from confluent_kafka import Consumer
from pymongo import MongoClient


def main(servers: str, topic: str, uri: str, database: str) -> None:
    """Copy events until the process is ended."""
    consumer = Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": database,
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
        }
    )
    consumer.subscribe([topic])
    client: MongoClient[dict[str, object]] = MongoClient(uri)
    events = client[database]["events"]
    while True:
        message = consumer.poll(1.0)
        if message is None or message.error():
            continue
        event = json.loads(message.value() or b"null")
        event["_id"] = {"topic": topic, "partition": message.partition(), "offset": message.offset()}
        events.insert_one(event)
        consumer.commit(message=message, asynchronous=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
