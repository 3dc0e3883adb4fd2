"""An accepted event and the id that it bears -> its `Identity`, by which the consumer knows it again. Pure.

The fingerprint is BLAKE2b, 16 bytes, over the event's content: kind, product, name, units and amount or rating and
category, the time that the event itself gives, and the unknown fields. Two messages have the same one where they mean
the same: 12.5, 12.50 and "12.5" are one amount, the order of the fields is free, and `event` serves as `event_name`
does. Kafka's time is left out, since a message that is published again is recorded again. Of an unknown field nobody
knows what it means, so every digit and character of it counts: 1.0 is not 1.00.

MongoDB keeps fingerprints for `EVENT_ID_DAYS`, so what is hashed here must stay as it is; a test holds it to examples.
"""

from hashlib import blake2b
from typing import Final

import msgspec
from bson.decimal128 import Decimal128
from msgspec.structs import replace

from consumer.events.details.quoting import detail, hexadecimal, quoted
from consumer.events.event import Event, Identity, Sold
from consumer.events.exact_json import canonical
from consumer.events.rejection import Rejected
from shared.events import MAX_EVENT_ID, PRODUCT_RATED, PRODUCT_SOLD, Reason, event_id_text

_BYTES: Final = 16
"""Length of a fingerprint. Two contents that differ share one by chance once in 2^128 pairs of events with one id. At
half it would be once in 2^64, which is also enough against chance, but not against who searches for such a pair."""
_ALLOWED: Final = f"allowed is text of 1 to {MAX_EVENT_ID} characters, in UTF-8"
_canonical: Final = msgspec.json.Encoder(enc_hook=Decimal128.to_decimal, decimal_format="number", order="sorted").encode
"""Writes JSON with sorted keys. The only type that it does not know by itself is the Decimal128 of an unknown field."""


def identified(event: Event, event_id: str, has_own_time: bool) -> Event:
    """The event with its identity, which is `event_id` and the fingerprint of its content.

    `has_own_time` says whether the event gives its `occurred_at`. Otherwise its time is Kafka's, and no content.
    """
    return replace(event, identity=Identity(event_id, _fingerprint(event, has_own_time)))


def header_event_id(header: str | bytes, name: str = "") -> str:
    """The id that the header `EVENT_ID_HEADER`, `name`, of a message holds. Raises Rejected where it holds none."""
    where = f"the id in the header {quoted(name, 40)}" if name else "the id in the header"
    try:
        text = header if isinstance(header, str) else header.decode()
    except UnicodeDecodeError:
        shown = hexadecimal(bytes(header[:20])) if isinstance(header, bytes) else quoted(header, 40)
        raise Rejected(Reason.BAD_EVENT_ID, detail(f"{where} is not UTF-8: it begins with {shown}", _ALLOWED)) from None
    try:
        return event_id_text(text)
    except ValueError:
        problem = f"{where} is longer than {MAX_EVENT_ID} characters: {quoted(text)}" if text else f"{where} is empty"
        raise Rejected(Reason.BAD_EVENT_ID, detail(problem, _ALLOWED)) from None


def _fingerprint(event: Event, has_own_time: bool) -> bytes:
    fields: tuple[str | int | None, ...]
    at_ms = event.time_ms if has_own_time else None
    if type(event) is Sold:
        fields = PRODUCT_SOLD, event.product, at_ms, event.name, event.units, str(event.amount)
    else:
        fields = PRODUCT_RATED, event.product, at_ms, event.name, event.rating, event.category
    content = _canonical(fields)
    if event.unknown_fields is not None:
        content += _canonical(event.unknown_fields)
    elif event.unknown_json is not None:
        content += canonical(event.unknown_json)
    return blake2b(content, digest_size=_BYTES).digest()
