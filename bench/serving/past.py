"""Fills a database with an hour of events, and with any number of such hours before it.

The last hour goes through Kafka and the consumer. The hours before it are copies of the same documents, each shifted
further back. So what the API reads has the size that it would have after so many events, and it takes minutes rather
than hours to make.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from pymongo.database import Database

from bench.contest.contest import EVENTS_PREFIX, CopyTask
from bench.lab import topics
from bench.lab.laboratory import Lab
from bench.peers.ours import Ours
from shared.documents import HOUR_MS, ROLLUPS, TOTALS, event_collection
from shared.mongo import ensure_event_collection
from stack.waiting import wait_until

BATCH = 20_000
"""Documents in one insert. It trades memory for round trips: the driver splits what is larger than 48 MB itself."""

CONSUMED_SECONDS = 600.0
"""How long the consumer may take to store the hour, in seconds.

It stores a million events in about ten seconds on an idle machine. At half of it a busy machine may fail; at twice of
it a run that hangs is noticed after twenty minutes.
"""

# How an event's document begins, in bytes (its layout is made in consumer/events/encode.py):
#
#    0         4               9         13         16           24         27          35
#   | length  | 03 "_id" 00   | length  | 12 "p" 00 | product   | 12 "t" 00 | time in ms | …
#   | 4 bytes | document      | 4 bytes | int64     | 8 bytes   | int64     | 8 bytes    | the rest of _id, the fields
#
# A copy differs in the 8 bytes of the time alone.
_TIME = b"\x12t\0"
_TIME_FROM = 24
"""Where to look for the field `t`. The search begins behind the product, whose bytes may look like the field."""
_LONG = 8

Documents = Database[dict[str, Any]]


def consume(lab: Lab, topic: topics.Topic, database: Documents) -> None:
    """Let one consumer store all events of the topic. Blocks; raises StackError after CONSUMED_SECONDS."""
    task = CopyTask(lab, topic, database)
    (consumer,) = Ours().processes(task)
    consumer.start()
    try:
        wait_until("the events to be stored", lambda: task.stored() >= topic.events, CONSUMED_SECONDS)
    finally:
        consumer.stop()


def add_past(database: Documents, events: int) -> int:
    """Add at least so many events before those that the database holds, in whole hours. Return how many were added.

    With 200,000 events in the database, 300,000 more become two hours before, 400,000 events. Their rollups and totals
    are added, too. Blocks while MongoDB stores them.
    """
    names = [name for name in database.list_collection_names() if name.startswith(EVENTS_PREFIX)]
    raw = CodecOptions(document_class=RawBSONDocument)
    hour = [one.raw for name in names for one in database.get_collection(name, codec_options=raw).find()]  # type: ignore[attr-defined]
    rollups, totals = list(database[ROLLUPS].find()), list(database[TOTALS].find())
    hours = -(-events // len(hour))
    for back in range(1, hours + 1):
        _insert_events(database, hour, back * 2)  # the last 60 minutes lie in two hours of the clock
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
        at = document.index(_TIME, _TIME_FROM) + len(_TIME)
        time_ms = int.from_bytes(document[at : at + _LONG], "little") - hours * HOUR_MS
        shifted = document[:at] + time_ms.to_bytes(_LONG, "little") + document[at + _LONG :]
        days.setdefault(event_collection(time_ms), []).append(RawBSONDocument(shifted))
    for name, documents in days.items():
        ensure_event_collection(database, name)
        for first in range(0, len(documents), BATCH):
            database[name].insert_many(documents[first : first + BATCH], ordered=False)
