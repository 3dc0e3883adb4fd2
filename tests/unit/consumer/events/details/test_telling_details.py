"""The details of messages that producers really send by mistake, word for word: read them as the producer's team would.

Each says what was found, where, which rule it breaks, and what to do.
"""

import base64
import gzip
import json

import pytest

from consumer.events.decode import decode
from consumer.events.rejection import Rejection
from shared.events import Reason
from tests.unit.consumer.events.test_contract import LIMITS, NOW_MS

FIELDS = {"event": "productSold", "name_of_product": "Chair", "product_id": 7, "no_of_units": 2, "amount": "12.50"}
WITHOUT_NAME = {name: value for name, value in FIELDS.items() if name != "event"}
SOLD = json.dumps(FIELDS)
BYTES = SOLD.encode()


def sold(without: str = "", **changes: object) -> bytes:
    return json.dumps({name: value for name, value in (FIELDS | changes).items() if name != without}).encode()


def amount(value: object) -> bytes:
    return sold(amount=value)


DETAILS: dict[str, tuple[bytes | None, Reason, str]] = {
    "a tombstone": (
        None,
        Reason.EMPTY,
        "the message has no value: it is a tombstone, as log compaction has it; a message is one event, which is a "
        "JSON object",
    ),
    "a picture inside": (
        sold(picture="x" * 70_000),
        Reason.TOO_LARGE,
        "the message has 70121 bytes, more than 65536 (64 KiB); send what is large, such as a picture, elsewhere, and "
        "its address in the event",
    ),
    "a tree without an end": (
        b'{"x": ' + b'{"a": ' * 64 + b"1" + b"}" * 65,
        Reason.TOO_DEEP,
        "arrays and objects nest more than 64 deep, the message's own object included; byte 384 of the message opens "
        f"the one too many, in x{'.a' * 24}.....{'a.' * 24}a; a tree that refers to itself may have been written out",
    ),
    "a byte order mark": (
        b"\xef\xbb\xbf" + BYTES,
        Reason.NOT_JSON,
        "the message begins with a byte order mark (EF BB BF), which JSON does not allow; the rest is JSON: write it "
        "in UTF-8 without the mark (in Python utf-8 instead of utf-8-sig)",
    ),
    "UTF-16": (
        SOLD.encode("utf-16-le"),
        Reason.NOT_JSON,
        "the message is in UTF-16, little-endian, without a byte order mark; encode the JSON in UTF-8",
    ),
    "Latin-1": (
        sold(name_of_product="M_ller").replace(b"_l", b"\xfcl"),
        Reason.NOT_JSON,
        "not UTF-8: byte 46 of the message is 0xFC (invalid start byte), in name_of_product; in Latin-1 and "
        "Windows-1252 it is U+00FC LATIN SMALL LETTER U WITH DIAERESIS; encode the whole JSON in UTF-8",
    ),
    "gzip": (
        gzip.compress(BYTES, mtime=0),
        Reason.NOT_JSON,
        "the message is compressed by gzip: it begins with 1F 8B, and JSON is in it; Kafka's clients compress by "
        "themselves (compression.type): send the JSON as it is",
    ),
    "a schema registry's serializer": (
        b"\0\0\0\x04\xd2" + BYTES,
        Reason.NOT_JSON,
        "the message begins with 00 00 00 04 D2, the frame of a schema registry's serializer for the schema id 1234, "
        "and JSON follows; produce the JSON's own bytes, by a serializer of strings or bytes",
    ),
    "Avro": (
        b"\0\0\0\x04\xd2\x16productSold\x0aChair\x0e\x04",
        Reason.NOT_JSON,
        "the message begins with 00 00 00 04 D2, the frame of a schema registry's serializer for the schema id 1234, "
        "and Avro follows; produce the JSON's own bytes, by a serializer of strings or bytes",
    ),
    "base64": (
        base64.b64encode(BYTES),
        Reason.NOT_JSON,
        "the message is JSON in base64: send the JSON as it is; a message is the text of one JSON object, in UTF-8",
    ),
    "Python's str()": (
        str(FIELDS | {"gift": True}).encode(),
        Reason.NOT_JSON,
        "not JSON at byte 1 of the message: a name in double quotes is expected, and \"'\" found; this is Python's "
        "text of a dict: use json.dumps",
    ),
    "cut": (
        BYTES[:-20],
        Reason.NOT_JSON,
        "not JSON at byte 86 of the message, in no_of_units: ',' or a closing bracket is expected, and the end of the "
        "message found; the message breaks off: it was cut, or sent in parts",
    ),
    "JSON lines": (
        BYTES + b"\n" + BYTES,
        Reason.NOT_JSON,
        "not JSON at byte 107 of the message: 2 values of JSON stand one after another; a message holds one event: "
        "send each as a message of its own",
    ),
    "NaN": (
        b'{"items": [{"price": NaN}]}',
        Reason.NOT_JSON,
        "not JSON at byte 21 of the message, in items[0].price: JSON has no NaN; a calculation failed, or divided by "
        "0; Python's json.dumps writes it unless it gets allow_nan=False",
    ),
    "JSON inside JSON": (
        json.dumps(SOLD).encode(),
        Reason.NOT_OBJECT,
        "the message is JSON, but no object: it is a text that holds JSON, which was encoded twice: send what is in "
        "the text; a message is one event, which is a JSON object",
    ),
    "an array of events": (
        json.dumps([FIELDS] * 3).encode(),
        Reason.NOT_OBJECT,
        "the message is JSON, but no object: it is an array of 3 elements; an event seems to be in [0]; send each "
        "element as a message of its own",
    ),
    "half of an emoji": (
        sold(name_of_product="Chair \ud83d"),
        Reason.UNSTORABLE_TEXT,
        "name_of_product: half of a surrogate pair (\\ud83d) at character 6, which no UTF-8 can hold; beyond U+FFFF a "
        "character is two escapes, such as \\ud83d\\ude9a, and a text must not be cut within it",
    ),
    "CloudEvents": (
        json.dumps({"specversion": "1.0", "type": "productSold", "source": "/shop", "data": WITHOUT_NAME}).encode(),
        Reason.MISSING_FIELD,
        "event_name (or event) is missing; 'type' holds 'productSold'; the message looks like a "
        "CloudEvents envelope; the event seems to be in data: send that, with event_name, as the message itself; "
        "found: the keys 'specversion', 'type', 'source', 'data'",
    ),
    "change data capture": (
        json.dumps({"payload": {"op": "c", "before": None, "after": FIELDS}}).encode(),
        Reason.MISSING_FIELD,
        "event_name (or event) is missing; the event seems to be in payload.after: send that as "
        "the message itself; found: the key 'payload'",
    ),
    "a queue's body": (
        json.dumps({"body": SOLD}).encode(),
        Reason.MISSING_FIELD,
        "event_name (or event) is missing; the event seems to be in body (as text): send that as "
        "the message itself; found: the key 'body'",
    ),
    "a job of Laravel's queue": (
        json.dumps(
            {
                "uuid": "6c3c",
                "displayName": "App\\Events\\ProductSold",
                "job": "Illuminate\\Queue\\CallQueuedHandler@call",
                "data": {"commandName": "App\\Events\\ProductSold", "command": 'O:22:"App\\Events\\ProductSold":0:{}'},
            }
        ).encode(),
        Reason.MISSING_FIELD,
        "event_name (or event) is missing; 'displayName' holds 'App\\\\Events\\\\ProductSold'; "
        "the message looks like a job of Laravel's queue: publish the event itself by a Kafka client; found: the keys "
        "'uuid', 'displayName', 'job', 'data'",
    ),
    "a field in camel case": (
        sold(without="product_id", productId=7),
        Reason.MISSING_FIELD,
        "product_id: the field is missing; 'productId' is another spelling of it",
    ),
    "a field of another name": (
        sold(without="no_of_units", quantity=2),
        Reason.MISSING_FIELD,
        "no_of_units: the field is missing; unknown to the contract: the key 'quantity'",
    ),
    "two names": (
        sold(event_name="productRated"),
        Reason.CONFLICTING_EVENT_NAMES,
        "event_name is 'productRated' and event is 'productSold'; send one of the two, or the same in both",
    ),
    "the name of a class": (
        sold(event="App\\Events\\ProductSold"),
        Reason.UNKNOWN_EVENT,
        "event: 'App\\\\Events\\\\ProductSold' is no event, only productSold and productRated are; if productSold is "
        "meant, it is written exactly so",
    ),
    "another event": (
        sold(event="orderShipped"),
        Reason.UNKNOWN_EVENT,
        "event: 'orderShipped' is no event, only productSold and productRated are",
    ),
    "thousands separators": (
        amount("2,500.00"),
        Reason.BAD_AMOUNT,
        "amount: '2,500.00' holds ','; it looks like a number with thousands separators: send 2500.00; allowed is a "
        "number, or its text, from 0 to less than 10^18, with at most 6 decimals",
    ),
    "a decimal comma": (
        amount("1,50"),
        Reason.BAD_AMOUNT,
        "amount: '1,50' holds ','; it looks like a number with a decimal comma: send 1.50; allowed is a number, or its "
        "text, from 0 to less than 10^18, with at most 6 decimals",
    ),
    "a currency sign": (
        amount("$25.00"),
        Reason.BAD_AMOUNT,
        "amount: '$25.00' holds '$'; it looks like a number with the currency sign '$': send 25.00; allowed is a "
        "number, or its text, from 0 to less than 10^18, with at most 6 decimals",
    ),
    "a refund": (
        amount(-25),
        Reason.BAD_AMOUNT,
        "amount: -25 is less than 0; refunds are not part of the contract; allowed is a number, or its text, from 0 to "
        "less than 10^18, with at most 6 decimals",
    ),
    "binary fractions": (
        amount(0.1 + 0.2),
        Reason.BAD_AMOUNT,
        "amount: 0.30000000000000004 has 17 decimals, 6 are allowed: '00000000004' is too much; a computer's binary "
        "fractions make it of 0.3: send 0.3; allowed is a number, or its text, from 0 to less than 10^18, with at most "
        "6 decimals",
    ),
    "no amount": (
        amount(None),
        Reason.BAD_AMOUNT,
        "amount: null is neither a number nor its text; allowed is a number, or its text, from 0 to less than 10^18, "
        "with at most 6 decimals",
    ),
    "seconds since 1970": (
        sold(occurred_at=1780272000),
        Reason.BAD_OCCURRED_AT,
        "occurred_at: the number 1780272000 is not a date and time with an offset as in RFC 3339, such as "
        "2026-11-30T09:58:48.954Z; as seconds since 1970 it is 2026-06-01T00:00:00Z: send that",
    ),
    "no offset": (
        sold(occurred_at="2026-06-01 02:00:00"),
        Reason.BAD_OCCURRED_AT,
        "occurred_at: '2026-06-01 02:00:00' is not a date and time with an offset as in RFC 3339, such as "
        "2026-11-30T09:58:48.954Z; a T belongs between date and time and an offset is missing: send "
        "2026-06-01T02:00:00Z if it is UTC, else its offset",
    ),
    "a local time": (
        sold(occurred_at="2026-06-01T02:00:00Z"),
        Reason.FROM_THE_FUTURE,
        "occurred_at is 2026-06-01T02:00:00.000Z, after 2026-06-01T00:05:00.000Z, five minutes ahead of the consumer's "
        "clock; that is about 2 h ahead: a local time may have been sent with the offset of UTC",
    ),
    "seconds taken for milliseconds": (
        sold(occurred_at="1970-01-21T14:31:12Z"),
        Reason.TOO_OLD,
        "occurred_at is 1970-01-21T14:31:12.000Z, before 2025-04-27T00:00:00.000Z, the oldest time that is accepted; "
        "seconds may have been taken for milliseconds: 1780272000 seconds would be 2026-06-01T00:00:00.000Z",
    ),
    "an id that is no id": (
        sold(event_id=True),
        Reason.BAD_EVENT_ID,
        "event_id: true is neither text nor an integer; allowed is text of 1 to 128 characters, or an integer from 0 "
        "to 9223372036854775807",
    ),
}


@pytest.mark.parametrize("mistake", DETAILS)
def test_the_detail_of(mistake: str) -> None:
    value, reason, said = DETAILS[mistake]
    verdict = decode(value, NOW_MS, LIMITS)
    assert isinstance(verdict, Rejection)
    assert (verdict.reason, verdict.detail) == (reason, said)


def test_an_unmarred_event_is_accepted() -> None:
    assert not isinstance(decode(BYTES, NOW_MS, LIMITS), Rejection)
