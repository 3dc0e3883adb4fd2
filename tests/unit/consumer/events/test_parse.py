"""The fast parser says of any bytes what the standard library's says: the same values or the same refusal."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from consumer.events.decode import parse
from consumer.events.rejection import Rejected
from consumer.events.slow_path import object_of, parse_again

VALID = (
    b'{"event":"productSold","name_of_product":"P","product_id":"7","no_of_units":2,"amount":12.50,"more":[{"a":-0}]}'
)
PIECES = [
    b"-0", b"-0.0", b"01", b"-01", b"00", b"1.", b".5", b"+1", b"-", b"0x1", b"1_0", b"1.0", b"0e5", b"-0e5", b"1E+5",
    b"1e", b"1e+", b"1e400", b"-1e400", b"1.5e-400", b"1e999999999999999999999", b"1e-999999999999999999999",
    b"1e" + b"9" * 5_000, b"1." + b"9" * 5_000, b"1" * 400 + b"e1", b"1" * 25 + b".5",
    b"0.1000000000000000000000000001",
    b"9223372036854775808", b"18446744073709551615", b"18446744073709551616", b"-9223372036854775809",
    b"9" * 4_300, b"-" + b"9" * 4_300, b"9" * 4_301, b"true", b"null", b"nul", b"True", b"NaN", b"Infinity",
    b"-Infinity",
    b"-NaN", b"{", b"}", b"[", b"]", b"{}", b"[1,]", b'{"a":1,}', b"[,]", b",", b":", b'"', b"'a'", b"\\", b"/*x*/",
    b"#",
    b"[" * 16 + b"]" * 16, b"[" * 63 + b"]" * 63, b"[" * 64 + b"]" * 64, b"[" * 65 + b"]" * 65,
    b"[" * 150 + b"]" * 150, b"[" * 700 + b"]" * 700,
    b"[" * 9_000 + b"]" * 9_000, b'{"a":' * 5_000 + b"1" + b"}" * 5_000, b'{"a":' * 9_000,
    b'"\\ud83d\\ude00"', b'"\\ude00\\ud83d"', b'"\\ud800"', b'"\\udc00"', b'"\\ud800\\u0041"', b'"\\uD800\\uD800"',
    b'"\\u0000"', b'"\\u00e9"', b'"\\u12G4"', b'"\\u12"', b'"\\q"', b'"\\/\\b\\f\\n\\r\\t"', b'"\x00"', b'"\x01"',
    b'"\x1f"',
    b'"\n"', b'"\x7f"', b"\xef\xbb\xbf", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf0\x9f", b"\xf0\x9f\x98\x80",
    b"\xf4\x90\x80\x80", b"\xe2\x80\xa8", b"\xc3\xa9", b" ", b"\t\r\n", b"\x0b", b"\x0c", b"\xc2\xa0", b"\x00",
    b'"product_id":8,', b'"product\\u005fid":8,', b'"\\ud800":1,', b'"event":null,', b'"event_name":"productRated",',
]  # fmt: skip
SHORT = [piece for piece in PIECES if len(piece) < 400]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A message with pieces put in at some places, over what stood there or beside it."""
    message = VALID
    for piece in draw(st.lists(st.sampled_from(SHORT) | st.binary(max_size=3), min_size=1, max_size=3)):
        ends = [0, message.find(b":") + 1, message.rfind(b":") + 1, message.find(b'"P'), len(message)]
        at = draw(st.sampled_from(ends) | st.integers(0, len(message)))
        message = message[:at] + piece + message[at + draw(st.integers(0, 5)) :]
    return message


def same(value: bytes) -> None:
    assert verdict(value, fast=True) == verdict(value, fast=False)


def verdict(value: bytes, fast: bool) -> str:
    try:
        return repr(object_of(parse(value) if fast else parse_again(value)))
    except Rejected as rejected:
        return rejected.rejection.reason


@given(damaged())
@example(VALID)
def test_any_message_is_read_as_by_the_standard_library(message: bytes) -> None:
    same(message)


@given(st.lists(st.sampled_from(SHORT), min_size=1, max_size=4).map(b"".join))
def test_any_value_is_read_as_by_the_standard_library(value: bytes) -> None:
    same(b'{"a":%b}' % value)


@pytest.mark.parametrize("piece", PIECES, ids=range(len(PIECES)))
def test_each_piece_is_read_as_by_the_standard_library(piece: bytes) -> None:
    same(piece)
    same(b'{"a":%b}' % piece)
    same(b'{"a":"%b"}' % piece)
    same(b'{%b"a":1}' % piece)
