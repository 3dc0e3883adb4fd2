"""Copies by Quix Streams and its own MongoDB sink: `python quix_streams.py SERVERS TOPIC URI DATABASE`

Documents are identified by partition and offset, so an event that is copied twice is stored once. All other settings
are the defaults of Quix Streams.
"""

import sys
from urllib.parse import urlsplit

from quixstreams import Application
from quixstreams.sinks.base.item import SinkItem
from quixstreams.sinks.community.mongodb import MongoDBSink


def by_offset(item: SinkItem) -> dict[str, object]:
    """Return the filter of the event's document. By default, all events of one key would replace each other."""
    return {"_id": {"partition": item.value["__partition"], "offset": item.offset}}


def without_id(event: dict[str, object]) -> dict[str, object]:
    """Return the event without the field `_id`, which some events have and MongoDB would refuse to set."""
    event.pop("_id", None)
    return event


def main(servers: str, topic: str, uri: str, database: str) -> None:
    """Copy events until the process is ended."""
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
