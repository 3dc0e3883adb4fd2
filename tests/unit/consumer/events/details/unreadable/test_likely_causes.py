"""The cause that is named for a message that is no JSON is the one that it has, where others look much like it."""

import json
import struct

import pytest

from tests.unit.consumer.events.details.test_telling_details import BYTES, SOLD
from tests.unit.consumer.events.details.unreadable.test_not_json import AVRO, detail

CLIENTS = "Kafka's clients compress by themselves (compression.type): send the JSON as it is"
OWN_BYTES = "produce the JSON's own bytes, by a serializer of strings or bytes"
CUT = "the beginning of the message is missing: it was cut, or sent in parts"
ONE_OBJECT = "a message is the text of one JSON object, in UTF-8"
PLACEHOLDER = "this looks like a placeholder of a template that was not filled in"
SMALL = b'{"event":"x"}'


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (b"\x6a\xf0\x69" + BYTES, f"looks like snappy: a length, and then the beginning of JSON; {CLIENTS}"),
        (bytes([13, 12 << 2]) + SMALL, f"looks like snappy: a length, and then the beginning of JSON; {CLIENTS}"),
        (b"\xac\x02\xf4\x2b\x01" + BYTES, f"looks like snappy: a length, and then the beginning of JSON; {CLIENTS}"),
        (struct.pack(">i", len(BYTES)) + BYTES,
         f"begins with its own length in 4 bytes, as Java's writeInt writes it; {OWN_BYTES}"),
        (struct.pack(">i", len(SMALL)) + SMALL,
         f"begins with its own length in 4 bytes, as Java's writeInt writes it; {OWN_BYTES}"),
        (struct.pack("<i", len(BYTES)) + BYTES, f"is JSON, behind 6A 00 00 00; {OWN_BYTES}"),
        (struct.pack(">q", len(BYTES)) + BYTES, "begins with its own length in 8 bytes, as Java's writeLong writes it"),
        (b"\0\0\0\0\0\0\0\0\x6a" + BYTES, "begins with 00 00 00 00 00 00 00 00 6A, the frame of a schema"),
        (b"\x1e" + BYTES + b"\n", f"is JSON, behind 1E, the record separator of RFC 7464; {OWN_BYTES}"),
        (b"\xd9\x6a" + BYTES, f"is JSON, behind D9 6A; {OWN_BYTES}"),
        (bytes(range(0x80, 0x90)) + BYTES, f"is JSON, behind {bytes(range(0x80, 0x90)).hex(' ').upper()}; "),
        (bytes(30), "holds bytes of 0 alone; a buffer was sent before it was filled"),
        (bytes(1), "holds bytes of 0 alone; a buffer was sent before it was filled"),
        (b"\x1e" + b'{"event":"x"}xy' + AVRO, "looks like Avro without a schema"),
    ],
    ids=range(14),
)  # fmt: skip
def test_a_frame_is_told_from_a_serializers(value: bytes, said: str) -> None:
    assert detail(value).startswith(f"the message {said}")


@pytest.mark.parametrize(
    ("field", "written", "cause"),
    [
        ("product_id", "$ID", PLACEHOLDER),
        ("product_id", "${ID}", PLACEHOLDER),
        ("product_id", "<ID>", PLACEHOLDER),
        ("product_id", ":id", PLACEHOLDER),
        ("product_id", "?", PLACEHOLDER),
        ("product_id", "@id", PLACEHOLDER),
        ("product_id", "%d", PLACEHOLDER),
        ("product_id", "%.2f", PLACEHOLDER),
        ("product_id", "\u20ac7", "a number is sent without a currency sign, as in 25.00"),
        ("amount", "$7", "a number is sent without a currency sign, as in 25.00"),
        ("amount", "1'000", '"1\'000" looks like a number with thousands separators: JSON has none'),
        ("amount", "1'000'000.50", '"1\'000\'000.50" looks like a number with thousands separators: JSON has none'),
        ("amount", "1\u2019000", "'1\\u2019000' looks like a number with thousands separators: JSON has none"),
        ("amount", "1 000", "'1 000' looks like a number with thousands separators: JSON has none"),
        ("amount", "Decimal(12.50)", "this is Python's text of a dict: use json.dumps, with default=str"),
        ("occurred_at", "datetime.datetime(2026, 6, 1)",
         "this is Python's text of a dict: use json.dumps, with default=str"),
        ("occurred_at", 'ISODate("2026-06-01")', "MongoDB's shell writes values so: send the number or the text in it"),
        ("amount", "BigDecimal(5)", "JSON has no calls such as 'BigDecimal(': use a JSON library"),
    ],
)  # fmt: skip
def test_the_cause_of_a_wrong_value_is_named(field: str, written: str, cause: str) -> None:
    value = SOLD[:-1] + f', "{field}": {written}, "x": 1}}'
    words = detail(value.encode())
    assert words.startswith("not JSON at byte ")
    assert words.endswith(f" found; {cause}")


@pytest.mark.parametrize("cut", [1, 2, 4, 10, 30, 60])
def test_a_message_without_its_beginning_is_no_csv(cut: int) -> None:
    assert CUT in detail(SOLD[cut:].encode())


def test_a_message_of_pairs_alone_lacks_its_bracket() -> None:
    assert detail(SOLD[1:-1].encode()).endswith(f"the JSON ends, and ':' follows; {CUT}")
    assert detail(b'"productSold",3,4\n').startswith("the message looks like CSV")


@pytest.mark.parametrize("cut", [b'\xc3"', b'\xc3..."', b'\xc3\xe2\x80\xa6"'])
def test_a_text_that_was_cut_by_its_bytes_is_not_only_latin_1(cut: bytes) -> None:
    said = "in Latin-1 and Windows-1252 it is U+00C3 LATIN CAPITAL LETTER A WITH TILDE, or a text was cut by its bytes"
    assert f"; {said}; encode the whole JSON in UTF-8" in detail(b'{"a":"M' + cut + b"}")
    whole = json.dumps({"a": "M\xe9ller"}, ensure_ascii=False).encode("latin-1")
    assert "cut by its bytes" not in detail(whole)
