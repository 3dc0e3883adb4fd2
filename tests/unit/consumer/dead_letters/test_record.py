"""A dead letter holds the whole message, or its beginning and how long it was."""

import hashlib
from datetime import UTC, datetime
from typing import Any

import bson
import pytest

from consumer.dead_letters.copies import Form, copy_of
from consumer.dead_letters.record import (
    DETAIL_CHARACTERS,
    KEEP_CUT_BYTES,
    KEEP_WHOLE_BYTES,
    RejectedMessage,
    rejected_document,
)
from consumer.events.message import Headers, LeftOutHeaders
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
    assert document["headers_left_out"] == 2


def with_headers(headers: Headers, key: bytes = b"k") -> dict[str, Any]:
    rejected = message(b"v", key=key)._replace(headers=headers)
    return rejected_document(rejected, Rejection(Reason.NOT_JSON), NOW, copy_pending=True)


def test_of_large_headers_the_first_are_kept_and_the_others_counted() -> None:
    headers = [(f"{number:04}", b"x" * 1020) for number in range(1100)]
    document = with_headers(headers)
    assert document["headers"] == [[name, content] for name, content in headers[:64]]
    assert (document["truncated"], document["headers_left_out"]) == (True, 1100 - 64)
    assert (document["value"], document["value_bytes"], document["key_bytes"]) == (b"v", 1, 1)


@pytest.mark.parametrize(("how_many", "said"), [(3, b"3"), (None, b"unknown")])
def test_headers_that_the_client_cannot_give_are_missed(how_many: int | None, said: bytes) -> None:
    document = with_headers(LeftOutHeaders(how_many))
    assert (document["headers"], document["truncated"], document["headers_left_out"]) == ([], True, how_many)
    for form in Form:
        about = dict(copy_of(document, form)["headers"])
        assert (about["dead-letter-truncated"], about["dead-letter-headers-left-out"]) == (b"true", said)


def test_a_copy_counts_the_headers_that_it_lacks_itself() -> None:
    document = with_headers([("a", b"1"), ("b", None)])
    assert "dead-letter-headers-left-out" not in dict(copy_of(document)["headers"])
    assert dict(copy_of(document, Form.CUT)["headers"])["dead-letter-headers-left-out"] == b"2"
    assert dict(copy_of(document, Form.BARE)["headers"])["dead-letter-headers-left-out"] == b"2"


def test_a_huge_key_is_cut_and_its_length_kept() -> None:
    document = with_headers([], key=b"k" * KEEP_WHOLE_BYTES)
    assert (document["key"], document["key_bytes"]) == (b"k" * KEEP_CUT_BYTES, KEEP_WHOLE_BYTES)
    assert (document["truncated"], document["headers_left_out"]) == (True, 0)


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


def test_a_copys_own_headers_follow_the_messages() -> None:
    names = [name for name, _ in copy_of(with_headers([("z", b"1"), ("a", None), ("z", b"2")]))["headers"]]
    assert names[:3] == ["z", "a", "z"]
    assert all(name.startswith("dead-letter-") for name in names[3:])


def test_a_smaller_copy_holds_the_beginning_of_key_and_value_and_then_neither() -> None:
    key, value = b"k" * (KEEP_CUT_BYTES + 1), b"v" * (KEEP_CUT_BYTES + 2)
    document = rejected_document(message(value, key=key), Rejection(Reason.TOO_LARGE), NOW, copy_pending=True)
    held = {form: (copy_of(document, form)["key"], copy_of(document, form)["value"]) for form in Form}
    assert held[Form.WHOLE] == (key, value)
    assert held[Form.CUT] == (key[:KEEP_CUT_BYTES], value[:KEEP_CUT_BYTES])
    assert held[Form.BARE] == (None, None)
    truncated = [dict(copy_of(document, form)["headers"])["dead-letter-truncated"] for form in Form]
    assert truncated == [b"false", b"true", b"true"]
    lengths = {dict(copy_of(document, form)["headers"])["dead-letter-value-bytes"] for form in Form}
    assert lengths == {b"%d" % len(value)}


def test_the_copy_of_a_cut_letter_says_so_and_has_the_whole_length() -> None:
    value = b"v" * (KEEP_WHOLE_BYTES + 1)
    document = rejected_document(message(value), Rejection(Reason.TOO_LARGE), NOW, copy_pending=True)
    about = dict(copy_of(document)["headers"])
    assert (about["dead-letter-truncated"], about["dead-letter-value-bytes"]) == (b"true", b"%d" % len(value))


def test_a_detail_is_cut_and_a_name_that_utf_8_cannot_hold_is_stored_all_the_same() -> None:
    rejected = message(b"v")._replace(headers=[("half \ud800", b"x")])
    document = rejected_document(rejected, Rejection(Reason.REFUSED_BY_DATABASE, "x" * 600), NOW, copy_pending=False)
    assert document["detail"] == "x" * DETAIL_CHARACTERS
    assert document["headers"] == [["half ?", b"x"]]
    bson.encode(document)
