"""A dead letter holds the whole message, or its beginning and how long it was."""

import hashlib
from datetime import UTC, datetime

from consumer.dead_letters.copies import copy_of
from consumer.dead_letters.record import KEEP_CUT_BYTES, KEEP_WHOLE_BYTES, RejectedMessage, rejected_document
from consumer.events.rejection import Rejection
from shared.events import Reason

NOW = datetime(2026, 6, 1, tzinfo=UTC)


def message(value: bytes | None, key: bytes | None = b"k", header: bytes = b"h") -> RejectedMessage:
    return RejectedMessage("topic", 1, 3, 42, 1_780_000_000_000, key, value, [("trace", header), ("none", None)])


def test_a_message_of_up_to_a_mebibyte_is_kept_whole() -> None:
    value = b"x" * (KEEP_WHOLE_BYTES - len(b"k" + b"trace" + b"h" + b"none"))
    document = rejected_document(message(value), Rejection(Reason.TOO_LARGE), NOW, copy_pending=False)
    assert (document["value"], document["truncated"]) == (value, False)
    assert document["headers"] == [["trace", b"h"], ["none", None]]
    assert "copy_pending" not in document


def test_a_larger_one_keeps_its_beginning_its_length_and_its_hash() -> None:
    value = b"x" * KEEP_WHOLE_BYTES
    document = rejected_document(message(value), Rejection(Reason.TOO_LARGE), NOW, copy_pending=True)
    assert (document["value"], document["truncated"]) == (value[:KEEP_CUT_BYTES], True)
    assert document["value_bytes"] == len(value)
    assert document["value_sha256"] == hashlib.sha256(value).digest()
    assert document["copy_pending"]


def test_headers_alone_can_make_it_too_large() -> None:
    document = rejected_document(
        message(None, header=b"x" * KEEP_WHOLE_BYTES), Rejection(Reason.EMPTY), NOW, copy_pending=False
    )
    assert (document["headers"], document["truncated"]) == ([], True)


def test_a_copy_says_why_and_whence() -> None:
    document = rejected_document(message(b"v"), Rejection(Reason.NOT_JSON, "why"), NOW, copy_pending=True)
    copy = copy_of(document)
    assert (copy["key"], copy["value"]) == (b"k", b"v")
    assert dict(copy["headers"]) == {
        "trace": b"h",
        "none": None,
        "dead-letter-reason": b"not_json",
        "dead-letter-detail": b"why",
        "dead-letter-topic": b"topic",
        "dead-letter-partition": b"3",
        "dead-letter-offset": b"42",
        "dead-letter-generation": b"1",
        "dead-letter-timestamp": b"1780000000000",
        "dead-letter-truncated": b"false",
        "dead-letter-value-bytes": b"1",
    }
