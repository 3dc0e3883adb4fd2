"""Event ids -> the documents and the statements of `event_ids`, and the question which of them it holds. Pure.

    {_id: {p, i}, t, k, o, g, fingerprint, at}
    {q: {_id: {p, i}, at: <old>}, u: {<that document>}, upsert: true}

The second replaces an id whose time is over. It compares the old `at`: where another consumer has replaced the id
meanwhile, the upsert becomes an insert, which fails as a duplicate.
"""

from collections.abc import Sequence
from datetime import datetime
from struct import Struct
from typing import Final

from consumer.batches.event_ids import EventKey, Occurrence
from consumer.events.event import Event, Identity
from consumer.storage.statements.bson_parts import INT64, UPSERT, embedded, text
from shared.documents import milliseconds

_HEAD: Final = Struct("<i 5s i 3s q 3s i").pack
"""The length, `03 _id` and its length, `12 p`, and `02 i` with the length of the id, whose text follows."""
_REST: Final = Struct("<5s q 3s i 3s q 3s i 18s 16s 4s q s").pack
"""The ends of the id and of `_id`, then `12 t`, `10 k`, `12 o`, `10 g`, `05 fingerprint` with its length and subtype,
`09 at`, and the document's end."""
_FINGERPRINT: Final = b"\x05fingerprint\0\x10\0\0\0\0"
_KEY_BYTES: Final = 4 + (3 + 8) + (3 + 4 + 1) + 1
"""Of the document `{p, i}` without the text of `i`."""
_ALL_BYTES: Final = 4 + 5 + _KEY_BYTES + (3 + 8) + (3 + 4) + (3 + 8) + (3 + 4) + (18 + 16) + (4 + 8) + 1


def id_document(occurrence: Occurrence) -> bytes:
    """The document of an id whose counted event is this one."""
    event, offset, taken = occurrence
    lease = taken.lease
    return event_id_document(event, occurrence.identity, lease.partition, offset, lease.generation, taken.at_ms)


def event_id_document(
    event: Event, identity: Identity, partition: int, offset: int, generation: int, at_ms: int
) -> bytes:
    """The document of an event's id; the event is stored at this place, and was judged at `at_ms` (UTC)."""
    event_id = identity.event_id.encode()
    size = len(event_id)
    return (
        _HEAD(_ALL_BYTES + size, b"\x03_id\0", _KEY_BYTES + size, b"\x12p\0", event.product, b"\x02i\0", size + 1)
        + event_id
        + _REST(
            b"\0\0\x12t\0", event.time_ms, b"\x10k\0", partition, b"\x12o\0", offset, b"\x10g\0", generation,
            _FINGERPRINT, identity.fingerprint, b"\x09at\0", at_ms, b"\0",
        )
    )  # fmt: skip


def replacement(key: EventKey, old: datetime, document: bytes) -> bytes:
    """The statement that replaces an id which was counted at `old` by `document`."""
    query = b"\x03_id\0" + _identity(key) + b"\x09at\0" + INT64(milliseconds(old))
    return embedded(b"\x03q\0" + embedded(query) + b"\x03u\0" + document + UPSERT)


def one_of(keys: Sequence[EventKey]) -> bytes:
    """The filter `{_id: {$in: [...]}}`: the documents of these ids."""
    values = b"".join(b"\x03%d\0" % number + _identity(key) for number, key in enumerate(keys))
    return embedded(b"\x03_id\0" + embedded(b"\x04$in\0" + embedded(values)))


def _identity(key: EventKey) -> bytes:
    """The document `{p, i}`."""
    product, event_id = key
    return embedded(b"\x12p\0" + INT64(product) + text(b"i", event_id))
