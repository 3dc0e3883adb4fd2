"""A rejected message -> its dead letter, the document in `rejected_events`. Pure."""

import hashlib
from datetime import datetime
from itertools import accumulate
from typing import Any, NamedTuple

from bson.int64 import Int64

from consumer.events.message import Headers, LeftOutHeaders
from consumer.events.rejection import Rejection
from shared.documents import Document, LetterState, rejected_id

KEEP_WHOLE_BYTES = 1024 * 1024
"""A dead letter holds the whole message up to this size of key, value and headers together.

A topic of Kafka takes messages of up to this size unless it is configured otherwise. At half of it, some of those are
cut, and a replay has to read them from Kafka again. Twice as much matters only for topics that take more: whoever may
publish there fills MongoDB twice as fast. MongoDB itself allows 16 MiB a document.
"""
KEEP_CUT_BYTES = 64 * 1024
"""Of a larger message, a dead letter holds this much of the key, of the value and, in whole headers, of the headers.

No event is longer (`MAX_MESSAGE_BYTES`), so a value is cut only where it could not be an event anyway. Its beginning is
there to show whose message it is. At half, a long event beside a huge key or header is cut too. At twice, a dead letter
only holds more of what nobody can count.
"""
DETAIL_CHARACTERS = 500
"""A rejection's detail is cut to this length. Those of the contract are shorter; MongoDB's own words may be long.

At half of it, the account of a validator that an operator added may lose its end. At twice, it may take more room than
most messages do.
"""


class RejectedMessage(NamedTuple):
    """A message that becomes a dead letter: its coordinates in Kafka, and its bytes as Kafka holds them."""

    topic: str
    generation: int
    partition: int
    offset: int
    timestamp_ms: int
    """When Kafka recorded the message, in UTC milliseconds; -1 where Kafka does not say."""
    key: bytes | None
    value: bytes | None
    headers: Headers
    """`LeftOutHeaders` where Kafka's client cannot give them."""


def rejected_document(message: RejectedMessage, rejection: Rejection, now: datetime, copy_pending: bool) -> Document:
    """The dead letter of `message`: coordinates, reason and bytes; of a large message the beginning and the SHA-256.

    `now` is when the message was judged. With `copy_pending` the dead letter is marked for the dead-letter topic.
    """
    document: Document = {
        "_id": rejected_id(message.topic, message.generation, message.partition, message.offset),
        "reason": rejection.reason.value,
        "detail": rejection.detail[:DETAIL_CHARACTERS],
        "state": LetterState.NEW.value,
        "rejected_at": now,
        "timestamp_ms": Int64(message.timestamp_ms),
        **_contents(message),
    }
    if rejection.first is not None:
        document["first"] = rejection.first
    if copy_pending:
        document["copy_pending"] = True
    return document


def _contents(message: RejectedMessage) -> dict[str, Any]:
    """Key, value and headers, cut where they exceed `KEEP_WHOLE_BYTES` together or Kafka's client lacks headers.

    What is cut has its length beside it: `key_bytes`, `value_bytes` and `value_sha256`, `headers_left_out`.
    """
    key, value, headers = message.key, message.value, message.headers
    left_out = headers.how_many if isinstance(headers, LeftOutHeaders) else 0
    if len(value or b"") + len(key or b"") + sum(map(_size, headers)) > KEEP_WHOLE_BYTES:
        sizes = accumulate(map(_size, headers))
        kept = [header for header, size in zip(headers, sizes, strict=True) if size <= KEEP_CUT_BYTES]
        left_out, headers = None if left_out is None else left_out + len(headers) - len(kept), kept
        key, value = key and key[:KEEP_CUT_BYTES], value and value[:KEEP_CUT_BYTES]
    elif left_out == 0:
        return {"key": key, "value": value, "headers": _stored(headers), "truncated": False}
    return {
        "key": key,
        "value": value,
        "headers": _stored(headers),
        **marks_of_a_cut(message.key, message.value, left_out),
    }


def marks_of_a_cut(key: bytes | None, value: bytes | None, headers_left_out: int | None) -> dict[str, Any]:
    """What a letter that does not hold its whole message says of it: the message has this key and this value, and so
    many headers that the letter lacks, None where nobody knows how many."""
    return {
        "truncated": True,
        "key_bytes": len(key or b""),
        "value_bytes": len(value or b""),
        "value_sha256": hashlib.sha256(value or b"").digest(),
        "headers_left_out": headers_left_out,
    }


def _size(header: tuple[str, bytes | None]) -> int:
    name, content = header
    return len(name.encode(errors="replace")) + len(content or b"")


def _stored(headers: Headers) -> list[list[str | bytes | None]]:
    return [[_storable(name), content] for name, content in headers]


def _storable(name: str) -> str:
    """A header's name as BSON takes it: half of a surrogate pair, which UTF-8 cannot hold, becomes a question mark."""
    return name.encode(errors="replace").decode()
