"""Quix Streams with its own MongoDB sink: `python quix_streams.py SERVERS TOPIC URI DATABASE`

Idempotent, as far as it can be: documents are identified by partition and offset. All settings are its defaults.
"""

import sys
from urllib.parse import urlsplit

from quixstreams import Application
from quixstreams.sinks.base.item import SinkItem
from quixstreams.sinks.community.mongodb import MongoDBSink


def by_offset(item: SinkItem) -> dict[str, object]:
    """Which document an event is; by default those of one key would replace each other."""
    return {"_id": {"partition": item.value["__partition"], "offset": item.offset}}


def without_id(event: dict[str, object]) -> dict[str, object]:
    """Some events bring an `_id` of their own, which MongoDB would refuse to set."""
    event.pop("_id", None)
    return event


def main(servers: str, topic: str, uri: str, database: str) -> None:
    """Copy until ended."""
    address = urlsplit(uri)
    application = Application(
        broker_address=servers, consumer_group=database, auto_offset_reset="earliest", loglevel="WARNING"
    )
    sink = MongoDBSink(
        host=str(address.hostname),
        port=int(address.port or 27017),
        db=database,
        collection="events",
        document_matcher=by_offset,
        add_topic_metadata=True,
    )
    events = application.dataframe(application.topic(topic, value_deserializer="json"))
    events.apply(without_id).sink(sink)
    application.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
