"""Unknown fields that BSON cannot hold cost an event no digit and no character, and the consumer a bounded time.

Each shape fills a message of the largest size with what some step handles slowly. Four times the size may take four
times as long; a step that is quadratic takes sixteen.
"""

import gc
import json
import time
from collections.abc import Callable

import bson
import pytest

from consumer.events.decode import decode
from consumer.events.encode import Encoder
from consumer.events.rejection import Rejection
from consumer.events.time_limits import TimeLimits
from shared.events import MAX_MESSAGE_BYTES
from tests.unit.consumer.events.test_contract import digits

ALWAYS = TimeLimits(-(2**63), 2**63)
EVENT = b'{"event":"productSold","name_of_product":"P","product_id":7,"no_of_units":2,"amount":1,"event_id":"a",%b}'
ROOM = MAX_MESSAGE_BYTES - len(EVENT)
MOST_TIMES_AS_LONG = 9
"""A message of four times the size may take at most so many times as long: with room for what else the machine does."""
SECONDS = 0.05
"""What takes less is fast enough in any case, and too short to be compared."""


def of(before: bytes, piece: bytes, after: bytes, between: bytes = b",") -> Callable[[int], bytes]:
    """Makes fields of about so many bytes: one piece as often as there is room for it."""

    def make(size: int) -> bytes:
        count = (size - len(before) - len(after)) // (len(piece) + len(between))
        return before + between.join([piece] * count) + after

    return make


def of_keys(form: bytes, before: bytes = b"", after: bytes = b"") -> Callable[[int], bytes]:
    """Makes fields of about so many bytes: as many keys as there is room for, each another one, the last ones first."""
    return lambda size: before + b",".join(form % number for number in range(size // (len(form) + 3), 0, -1)) + after


SHAPES = {
    "integers": of(b'"a.b":[', b"1", b"]"),
    "decimals": of(b'"a.b":[', b"0.10", b"]"),
    "exponents that no Decimal128 holds": of(b'"x":[', b"1e99999", b"]"),
    "exponents that no Decimal holds": of(b'"x":[', b"-1E+999999999999999999999", b"]"),
    "integers of 4,300 digits": of(b'"x":[', b"7" * 4_300, b"]"),
    "a decimal": of(b'"x":0.', b"7", b"", b""),
    "an integer with an exponent": of(b'"x":7', b"7", b"e5", b""),
    "an exponent": of(b'"x":1e', b"7", b"", b""),
    "words": of(b'"a.b":[', b"null,true,false", b"]"),
    "empty arrays": of(b'"a.b":[', b"[]", b"]"),
    "empty objects": of(b'"a.b":[', b"{}", b"]"),
    "arrays 64 deep": of(b'"x":[', b"[" * 62 + b"]" * 62, b"]"),
    "objects 64 deep": of(b'"x":[', b'{"":' * 62 + b"1" + b"}" * 62, b"]"),
    "dotted keys": of_keys(b'"%d.":0'),
    "nested keys": of_keys(b'"%d":0.5', b'"a.b":{', b"}"),
    "one key over and over": of(b"", b'"a.b":1', b""),
    "a key": of(b'"', b".", b'":1', b""),
    "halves of surrogate pairs": of(b'"x":"', b"\\ud800", b'"', b""),
    "texts with half of a surrogate pair": of(b'"x":[', b'"\\ud800\\u0041"', b"]"),
    "keys with half of a surrogate pair": of_keys(b'"\\udfff%d":"x"'),
    "surrogate pairs": of(b'"x":"\\ud800', b"\\ud83d\\ude00", b'"', b""),
    "NUL": of(b'"a.b":"', b"\\u0000", b'"', b""),
    "quotation marks": of(b'"a.b":"', b'\\"', b'"', b""),
    "letters beyond ASCII": of(b'"x":"\\ud800', "日".encode(), b'"', b""),
    "fields that BSON can hold before one that it cannot": of(b'"x":[', b'{"a":0.1}', b",1e7000]"),
    "fields that BSON can hold": of(b'"x":[', b'{"a":0.1}', b"]"),
}


@pytest.mark.parametrize("fields", SHAPES.values(), ids=SHAPES)
def test_time_grows_as_the_message_does(fields: Callable[[int], bytes]) -> None:
    quarter, whole = EVENT % fields(ROOM // 4), EVENT % fields(ROOM)
    assert len(whole) > 0.8 * MAX_MESSAGE_BYTES
    assert seconds(whole) < max(SECONDS, MOST_TIMES_AS_LONG * seconds(quarter))


@pytest.mark.parametrize("fields", SHAPES.values(), ids=SHAPES)
def test_every_digit_and_character_is_stored(fields: Callable[[int], bytes]) -> None:
    sent = fields(ROOM // 4)
    event = decode(EVENT % sent, 0, ALWAYS)
    assert not isinstance(event, Rejection), event
    stored = bson.decode(Encoder(0, 1).encode(event, 0))
    if fields is not SHAPES["fields that BSON can hold"]:
        assert digits(stored["extra_json"]) == digits(f"{{{sent.decode()}}}")
    else:
        assert [str(each["a"]) for each in stored["extra"]["x"]] == [
            str(each["a"]) for each in json.loads(f"{{{sent.decode()}}}")["x"]
        ]


def seconds(value: bytes) -> float:
    """The processor time that the message takes, from its bytes to those that MongoDB stores; the least of some.

    Without the collector of garbage, which the consumer keeps from looking at the objects of a batch.
    """
    taken = []
    gc.disable()
    try:
        for _ in range(3):
            started = time.thread_time()
            event = decode(value, 0, ALWAYS)
            assert not isinstance(event, Rejection), event
            Encoder(0, 1).encode(event, 0)
            taken.append(time.thread_time() - started)
    finally:
        gc.enable()
    return min(taken)
