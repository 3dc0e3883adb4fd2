"""Whatever a message holds, its detail is short, in ASCII, in one line, and made in time linear in the message."""

import gzip
import json
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consumer.dead_letters.record import DETAIL_CHARACTERS
from consumer.events.decode import decode
from consumer.events.details.quoting import LONGEST_DETAIL
from consumer.events.rejection import Rejection
from scripts.common.text import literal
from shared.events import MAX_MESSAGE_BYTES
from tests.unit.consumer.events.details.test_telling_details import BYTES, DETAILS
from tests.unit.consumer.events.test_contract import LIMITS, NOW_MS
from tests.unit.consumer.events.test_parse import SHORT, damaged

NUMBER = '{"event":"productSold","name_of_product":"P","product_id":"7","no_of_units":2,"amount":%s}'
RATED = '{"event":"productRated","name_of_product":%s,"product_id":7,"rating":%s,"category":%s,"occurred_at":%s}'
VALUE = st.text(max_size=200) | st.integers() | st.floats(allow_nan=False) | st.none() | st.booleans()


def is_well_told(value: bytes | None) -> bool:
    """Whether a message is accepted, or rejected with a detail as a detail should be."""
    verdict = decode(value, NOW_MS, LIMITS)
    if not isinstance(verdict, Rejection):
        return True
    detail = verdict.detail
    assert 0 < len(detail) <= LONGEST_DETAIL, detail
    assert detail.isascii()
    assert literal(detail) == detail, detail
    return True


@given(damaged())
def test_of_a_damaged_event(message: bytes) -> None:
    assert is_well_told(message)


@given(st.binary(max_size=300))
@example(b"x\x9c")
@example(b"\x1f\x8b")
@example(b"\x80\x04")
def test_of_any_bytes(message: bytes) -> None:
    assert is_well_told(message)


@given(st.text(max_size=300) | st.lists(st.sampled_from(SHORT)).map(lambda pieces: b"".join(pieces).decode("latin-1")))
def test_of_any_text(message: str) -> None:
    assert is_well_told(message.encode(errors="replace"))


@given(st.recursive(VALUE, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=30))
def test_of_any_json(message: object) -> None:
    assert is_well_told(json.dumps(message).encode())
    assert is_well_told(json.dumps({"event": message, "data": message}).encode())


@given(VALUE | st.text(" -+.,'0123456789eE$\u20ac%()\u00a0", max_size=20))
def test_of_any_value(value: object) -> None:
    written = json.dumps(value)
    assert is_well_told((NUMBER % written).encode())
    for wrong in range(4):
        values = ["5" if place == wrong == 1 else '"x"' for place in range(4)]
        values[wrong] = written
        assert is_well_told((RATED % tuple(values)).encode())


@given(st.text(" 0123456789-/.:TZ+GMTUCJunMonthe,()", max_size=40) | st.datetimes().map(str) | st.integers().map(str))
def test_of_any_time(text: str) -> None:
    assert is_well_told((RATED % ('"x"', "1", '"x"', json.dumps(text))).encode())


def test_a_dead_letter_keeps_the_longest_detail_whole() -> None:
    assert LONGEST_DETAIL <= DETAIL_CHARACTERS
    assert max(len(said) for _, _, said in DETAILS.values()) > LONGEST_DETAIL / 2


HOSTILE = {
    "empty texts": b'{"a":[' + b'"",' * 21_000,
    "backslashes": b'{"a":"' + b"\\" * 65_000,
    "escaped backslashes": b'"' + b"\\\\" * 32_000,
    "numbers": b"[" + b"1," * 32_000,
    "empty objects": b'{"a":[' + b"{}," * 21_000 + b"x",
    "quotation marks": b'"' * 65_000,
    "single quotes": b"{'" + b"'" * 65_000,
    "objects in a row": b"{}" * 32_000,
    "letters": b"x" * 65_000,
    "base64": b"A" * 65_000,
    "percents": b"%7B" * 21_000,
    "names and values": b"a=b&" * 16_000,
    "commas": b"," * 65_000,
    "lines": b"a,b\n" * 16_000,
    "spaces": b" " * 65_000 + b"x",
    "spaces inside": b'{"a":1' + b" " * 65_000 + b"x",
    "no-break spaces": b"\xc2\xa0" * 32_000,
    "zeros": b"\0" * 65_000,
    "zeros behind": b'{"a":1}' + b"\0" * 65_000,
    "digits": b'{"x":' + b"9" * 65_000 + b"}",
    "digits in a text": (NUMBER % f'"{"9" * 65_000}"').encode(),
    "decimals": (NUMBER % ("0." + "1" * 65_000)).encode(),
    "commas in a number": (NUMBER % f'"{"1," * 32_000}"').encode(),
    "minus signs": (NUMBER % f'"{"-" * 65_000}"').encode(),
    "tags": b"\x08\x80" * 32_000,
    "fields of Protobuf": b"\x0a\0" * 32_000,
    "not UTF-8, late": b'{"a":[' + b'"",' * 21_000 + b'"\xff"',
    "a bomb": gzip.compress(b"\0" * 40_000_000, mtime=0),
    "keys": b"{" + b",".join(b'"k%d":1' % number for number in range(6_000)) + b"}",
    "long keys": b'{"%b":1,"%b":2}' % (b"a" * 32_000, b"b" * 32_000),
    "texts of JSON": json.dumps([json.dumps({"a": 1})] * 4_000).encode(),
    "text in text": json.dumps({"body": json.dumps({"body": json.dumps({"body": "x" * 20_000})})}).encode(),
    "a time of digits": (RATED % ('"x"', "1", '"x"', f'"{"1" * 65_000}"')).encode(),
    "a name of dots": b'{"event":"%b"}' % (b"." * 65_000),
    "NaN, late": b'{"a":[' + b'"NaN",' * 10_000 + b"NaN]}",
    "an escape in each text": b'{"a":[' + b'"\\n",' * 13_000 + b"}",
}


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_message_takes_no_longer_than_its_length_asks_for(value: bytes) -> None:
    """The worst of them take some 20 ms of a quiet processor. What grew by the square would take a minute."""
    assert len(value) <= MAX_MESSAGE_BYTES
    assert is_well_told(value)
    assert is_well_told(b'{"padded":' + value[: MAX_MESSAGE_BYTES - 20] + b"}")
    started = time.process_time()
    decode(value, NOW_MS, LIMITS)
    assert time.process_time() - started < 1


def test_every_detail_is_made_of_the_message_alone() -> None:
    assert all(decode(value, NOW_MS, LIMITS) == decode(value, NOW_MS, LIMITS) for value, _, _ in DETAILS.values())
    assert is_well_told(BYTES)
