"""An hour of events as the consumer stores them, and any number of hours of the same before it.

The hour goes through Kafka and the consumer. Its past is the very same documents, shifted back hour by hour: what the
API reads has the size that it would have after so many events, and takes minutes rather than hours to make.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.database import Database

from bench.contest.contest import EVENTS_PREFIX, Task
from bench.lab import topics
from bench.lab.laboratory import Lab
from bench.peers.ours import Ours
from shared.documents import HOUR_MS, ROLLUPS, TOTALS, event_collection
from shared.mongo import ensure_event_collection
from stack.waiting import wait_until

BATCH = 20_000
CONSUMED_SECONDS = 600.0
_TIME = b"\x12t\0"
_LONG = 8

Documents = Database[dict[str, Any]]


def consume(lab: Lab, topic: topics.Topic, database: Documents) -> None:
    """Let one consumer store everything in the topic."""
    task = Task(lab, topic, database)
    (consumer,) = Ours().processes(task)
    consumer.start()
    try:
        wait_until("the events to be stored", lambda: task.stored() >= topic.events, CONSUMED_SECONDS)
    finally:
        consumer.stop()


def add_past(database: Documents, events: int) -> int:
    """Add so many events of hours gone by, as far as whole hours go. Returns how many were added."""
    names = [name for name in database.list_collection_names() if name.startswith(EVENTS_PREFIX)]
    raw = CodecOptions(document_class=RawBSONDocument)
    hour = [one.raw for name in names for one in database.get_collection(name, codec_options=raw).find()]  # type: ignore[attr-defined]
    rollups, totals = list(database[ROLLUPS].find()), list(database[TOTALS].find())
    hours = -(-events // len(hour))
    for back in range(1, hours + 1):
        _insert_events(database, hour, back * 2)  # the hour's events lie in two hours of the clock
        database[ROLLUPS].insert_many(_shifted(rollups, back * 2), ordered=False)
        database[TOTALS].insert_many(_shifted(totals, back * 2), ordered=False)
    return hours * len(hour)


def _shifted(documents: Iterable[dict[str, Any]], hours: int) -> Iterator[dict[str, Any]]:
    for document in documents:
        identity = dict(document["_id"])
        if "h" in identity:
            identity["h"] -= hours
        else:
            identity["m"] -= hours * 60
        yield document | {"_id": identity}


def _insert_events(database: Documents, hour: list[bytes], hours: int) -> None:
    days: dict[str, list[RawBSONDocument]] = {}
    for document in hour:
        at = document.index(_TIME) + len(_TIME)
        time_ms = int.from_bytes(document[at : at + _LONG], "little") - hours * HOUR_MS
        shifted = document[:at] + time_ms.to_bytes(_LONG, "little") + document[at + _LONG :]
        days.setdefault(event_collection(time_ms), []).append(RawBSONDocument(shifted))
    for name, documents in days.items():
        ensure_event_collection(database, name)
        for first in range(0, len(documents), BATCH):
            database[name].insert_many(documents[first : first + BATCH], ordered=False)
