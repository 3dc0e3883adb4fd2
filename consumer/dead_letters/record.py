"""A rejected message -> its dead letter in `rejected_events`. Pure."""

import hashlib
from datetime import datetime
from typing import Any, NamedTuple

from bson.int64 import Int64

from consumer.events.message import Headers
from consumer.events.rejection import Rejection
from shared.documents import Document, LetterState, rejected_id

KEEP_WHOLE_BYTES = 1024 * 1024
KEEP_CUT_BYTES = 64 * 1024


class RejectedMessage(NamedTuple):
    """Where a message stands in Kafka, and its own bytes."""

    topic: str
    generation: int
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: Headers


def rejected_document(source: RejectedMessage, rejection: Rejection, now: datetime, copy_pending: bool) -> Document:
    """The dead letter: coordinates, reason, and the bytes; of very large messages the beginning and the SHA-256.

    `copy_pending` marks it for the dead-letter topic.
    """
    document: Document = {
        "_id": rejected_id(source.topic, source.generation, source.partition, source.offset),
        "reason": rejection.reason.value,
        "detail": rejection.detail[:500],
        "state": LetterState.NEW.value,
        "rejected_at": now,
        "timestamp_ms": Int64(source.timestamp_ms),
        **_contents(source),
    }
    if copy_pending:
        document["copy_pending"] = True
    return document


def _contents(source: RejectedMessage) -> dict[str, Any]:
    value, key = source.value, source.key
    headers = [[_storable(name), content] for name, content in source.headers]
    header_bytes = sum(len(name.encode(errors="replace")) + len(content or b"") for name, content in source.headers)
    if len(value or b"") + len(key or b"") + header_bytes <= KEEP_WHOLE_BYTES:
        return {"key": key, "value": value, "headers": headers, "truncated": False}
    return {
        "key": None if key is None else key[:KEEP_CUT_BYTES],
        "value": None if value is None else value[:KEEP_CUT_BYTES],
        "headers": headers if header_bytes <= KEEP_CUT_BYTES else [],
        "truncated": True,
        "value_bytes": len(value or b""),
        "value_sha256": hashlib.sha256(value or b"").digest(),
    }


def _storable(name: str) -> str:
    """A header's name as BSON takes it."""
    return name.encode(errors="replace").decode()
