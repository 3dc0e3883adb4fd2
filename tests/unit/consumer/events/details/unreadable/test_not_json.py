"""What is said of bytes and texts that are no JSON: their form, or the place of the mistake and its cause."""

import base64
import gzip
import json
import struct
import zlib

import pytest

from consumer.events.decode import decode
from consumer.events.rejection import Rejection
from shared.events import Reason
from tests.unit.consumer.events.details.test_telling_details import BYTES, FIELDS, SOLD
from tests.unit.consumer.events.test_contract import LIMITS, NOW_MS


def detail(value: bytes) -> str:
    verdict = decode(value, NOW_MS, LIMITS)
    assert isinstance(verdict, Rejection)
    assert verdict.reason is Reason.NOT_JSON, verdict
    return verdict.detail


PROTOBUF = b"\x0a\x0bproductSold\x12\x05Chair\x18\x07\x20\x02"
AVRO = b"\x16productSold\x0aChair\x0e\x04"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (SOLD.encode("utf-16"), "is in UTF-16, little-endian: it begins with the byte order mark FF FE"),
        (b"\xfe\xff" + SOLD.encode("utf-16-be"), "is in UTF-16, big-endian: it begins with the byte order mark FE FF"),
        (SOLD.encode("utf-16-be"), "is in UTF-16, big-endian, without a byte order mark"),
        (SOLD.encode("utf-32"), "is in UTF-32, little-endian: it begins with the byte order mark FF FE 00 00"),
        (SOLD.encode("utf-32-le"), "is in UTF-32, little-endian, without a byte order mark"),
        (SOLD.encode("utf-32-be"), "is in UTF-32, big-endian, without a byte order mark"),
        (gzip.compress(b"<event/>", mtime=0), "is compressed by gzip: it begins with 1F 8B, and '<event/>' is in it"),
        (zlib.compress(BYTES), "is compressed by zlib: it begins with 78 9C, and JSON is in it"),
        (b"\x28\xb5\x2f\xfd\x24\x6a", "is compressed by zstd: it begins with 28 B5 2F FD"),
        (b"\x04\x22\x4d\x18\x64\x40", "is compressed by lz4: it begins with 04 22 4D 18"),
        (b"\xff\x06\0\0sNaPpY\0", "is compressed by snappy (framed): it begins with FF 06 00 00"),
        (b"\x82SNAPPY\0\0\0\0\1", "is compressed by snappy (as Java's SnappyOutputStream writes it)"),
        (b"\xfa\x01\xf0\x69" + BYTES, "looks like snappy: a length, and then the beginning of JSON"),
        (b"\0\0\0\x04\xd2\0" + PROTOBUF, "for the schema id 1234, and Protobuf follows"),
        (b"\0\0\0\x04\xd2\x02\x02" + PROTOBUF, "for the schema id 1234, and Protobuf follows"),
        (b"\0\x01\0\0\0" + AVRO, "for the schema id 16777216, and Avro follows"),
        (b"\0\0\0\0\0\0\0\0\x07" + BYTES, "for the schema id 7, and JSON follows"),
        (
            b"\x03\0" + bytes(range(16)) + AVRO,
            "AWS Glue's schema registry, for the schema version 000102030405060708090a",
        ),
        (b"\0" + struct.pack(">i", len(BYTES)) + BYTES, "begins with 00 and its own length in 4 bytes, as gRPC's"),
        (struct.pack(">h", len(BYTES)) + BYTES, "begins with its own length in 2 bytes, as Java's writeUTF does"),
        (b"Obj\x01\x04\x16avro.schema", "looks like an Avro container file: it begins with 4F 62 6A 01"),
        (b"\xc3\x01" + bytes(8) + AVRO, "looks like Avro, with the fingerprint of its schema in front"),
        (AVRO, "looks like Avro without a schema"),
        (PROTOBUF, "looks like Protobuf"),
        (b"\x82\xa5event\xabproductSold\xa1a\x01", "looks like MessagePack"),
        (b"\xa2\x65event\x6bproductSold\x61a\x01", "looks like CBOR"),
        (b"\x14\0\0\0\x02event\0\x04\0\0\0abc\0\0", "looks like BSON"),
        (b"\x80\x04\x95\x10\0\0\0.", "looks like an object that Python's pickle wrote"),
        (b"\xac\xed\0\x05sr\0", "looks like a serialized Java object: it begins with AC ED 00 05"),
        (b"\x07\x01\x02\x03", "is no text: it begins with 07 01 02 03"),
    ],
    ids=range(30),
)
def test_bytes_are_recognised(value: bytes, said: str) -> None:
    words = detail(value)
    assert words.startswith("the message ")
    assert said in words


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("   \n", "the message holds nothing but white space"),
        ("hello", "the message is plain text: 'hello'"),
        ("<event/>", "the message looks like XML"),
        ("<!DOCTYPE html><html></html>", "the message is HTML, such as an error page"),
        ("event,product_id,amount\nproductSold,3,4", "the message looks like CSV of 2 lines, with commas between the "
         "values: 'event,product_id,amount'"),
        ('"productSold";3;4', "the message looks like CSV, with semicolons between the values"),
        ("event=productSold&product_id=3", "the message looks like form data (application/x-www-form-urlencoded)"),
        ("event=productSold product_id=3", "the message looks like pairs of name=value"),
        ("event: productSold\nproduct_id: 3", "the message looks like YAML"),
        ("%7B%22event%22%3A1%7D", "the message is percent-encoded"),
        (base64.b64encode(gzip.compress(BYTES, mtime=0)).decode(), "the message is base64, and what it holds is "
         "compressed by gzip"),
        (base64.urlsafe_b64encode(BYTES).decode().rstrip("="), "the message is JSON in base64"),
        ("eyJldmVudCI6MX0=", "the message is JSON in base64"),
        (BYTES.hex(), "the message is JSON in hexadecimal"),
        ("eyJhbGciOi.eyJhIjox.abc", "the message looks like a JSON Web Token"),
        (f"'{SOLD}'", "the message is JSON in single quotes, as a shell takes them"),
        (f"b'{SOLD}'", "looks like Python's text of bytes"),
        ("[object Object]", "looks like JavaScript's text of an object: use JSON.stringify"),
        ('a:1:{s:5:"event";s:11:"productSold";}', "looks like what PHP's serialize() writes: use json_encode"),
        ("Array\n(\n    [event] => productSold\n)", "looks like what PHP's print_r writes"),
        ("map[event:productSold]", "looks like Go's text of a map"),
        ("{event=productSold, product_id=3}", "looks like Java's text of a map"),
        ('{"event"=>"productSold"}', "looks like Ruby's text of a hash"),
        ("ProductSold(product_id=3)", "looks like a program's text of an object"),
        ('{\\"event\\":\\"productSold\\"}', "the quotation marks have backslashes before them"),
        (f"2026-06-01 INFO {SOLD}", "JSON is in the message, but '2026-06-01 INFO ' stands before it; "),
        (f"callback({SOLD});", "but 'callback(' stands before it, and ');' behind it"),
    ],
)  # fmt: skip
def test_texts_are_recognised(text: str, said: str) -> None:
    words = detail(text.encode())
    assert said in words
    assert words.endswith("; a message is the text of one JSON object, in UTF-8")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"é":tru}', "byte 6 of the message, in ['\\xe9']: a value is expected, and 'tru' found; the word is cut"),
        ('{"a":1e99999999999999999999,"b":}', "byte 32 of the message, in b: a value is expected, and '}' found"),
        ('{"a":1,}', "byte 6 of the message, in a: a comma stands before the closing bracket; JSON allows no comma "
         "after the last value"),
        ('{"a":[1, ]}', "byte 7 of the message, in a[0]: a comma stands before the closing bracket; JSON allows no "
         "comma after the last value"),
        ('{"a":[1,,2]}', "byte 8 of the message, in a[1]: a value is expected, and ',' found; a value is missing "
         "between two commas"),
        ('{"a":[[1,2],[3,4],nul]}', "byte 18 of the message, in a[2]: a value is expected, and 'nul' found; the word "
         "is cut"),
        ("{'a': datetime.date(2026, 6, 1)}", "byte 1 of the message: a name in double quotes is expected, and \"'\" "
         "found; this is Python's text of a dict: use json.dumps"),
        ("{'a': 1}", "byte 1 of the message: a name in double quotes is expected, and \"'\" found; JSON has double "
         "quotes: this is Python's text of a dict, or JavaScript's source"),
        ('{a: "x"}', "byte 1 of the message: a name in double quotes is expected, and 'a' found; a name needs double "
         "quotes around it; without them this is JavaScript's source, or YAML"),
        ('{"a": {"b": None}}', "byte 12 of the message, in a.b: a value is expected, and 'None' found; None is "
         "Python's word, JSON has null: use json.dumps"),
        ('{"a": undefined}', "byte 6 of the message, in a: a value is expected, and 'undefined' found; undefined is "
         "JavaScript's word: JSON.stringify leaves such a field out"),
        ('{"a": NULL}', "byte 6 of the message, in a: a value is expected, and 'NULL' found; JSON writes null in lower "
         "case"),
        ('{"a": nan}', "byte 6 of the message, in a: a value is expected, and 'nan' found; NaN is no number of JSON: "
         "the producer's calculation failed"),
        ('{"a": x}', "byte 6 of the message, in a: a value is expected, and 'x' found; a text needs double quotes "
         "around it"),
        ('{"a": 1 /* x */}', "byte 8 of the message, in a: ',' or a closing bracket is expected, and '/' found; JSON "
         "has no comments"),
        ('{"a": 007}', "byte 7 of the message, in a: ',' or a closing bracket is expected, and '07' found; 007 has a "
         "leading zero, which JSON does not allow"),
        ('{"a": +5}', "byte 6 of the message, in a: a value is expected, and '+5' found; +5 has a plus sign, which "
         "JSON does not allow"),
        ('{"a": .5}', "byte 6 of the message, in a: a value is expected, and '.5' found; a number needs a digit on "
         "each side of its point, unlike '.5'"),
        ('{"a": 2,500.00}', "byte 8 of the message: a name in double quotes is expected, and '500.00' found; "
         "'2,500.00' looks like a number with a comma: JSON has a point, and nothing for thousands"),
        ('{"a": $25}', "byte 6 of the message, in a: a value is expected, and '$' found; a number is sent without a "
         "currency sign, as in 25.00"),
        ('{"a": 25 EUR}', "byte 9 of the message, in a: ',' or a closing bracket is expected, and 'EUR' found; 'EUR' "
         "follows a number: send it without a unit or a currency"),
        ('{"a": ${x}}', "byte 6 of the message, in a: a value is expected, and '$' found; this looks like a "
         "placeholder of a template that was not filled in"),
        ('{"a": \u201cx\u201d}', "byte 6 of the message, in a: a value is expected, and U+201C LEFT DOUBLE QUOTATION "
         "MARK found; word processors make such quotation marks; JSON has the plain one, U+0022"),
        ('{"a":\u00a01}', "byte 5 of the message, in a: a value is expected, and U+00A0 NO-BREAK SPACE found; it looks "
         "like white space, or is invisible, and JSON does not allow it there"),
        ('{"a":"5" screen"}', "byte 9 of the message, in a: ',' or a closing bracket is expected, and 'screen' found; "
         'a quotation mark in a text is written as \\"'),
        ('{"a":"x" "b":1}', "byte 9 of the message, in a: ',' or a closing bracket is expected, and '\"' found; a "
         "comma is missing before it"),
        ('{"a"=1}', "byte 4 of the message: ':' is expected, and '=' found; a name and its value are separated by "
         "':' in JSON"),
        ('{"a":"x\ny"}', "byte 7 of the message, in a: a text holds U+000A LINE FEED, a control character; inside a "
         "text it is written as \\n, as a JSON library does"),
        ('{"a":"App\\Events"}', "byte 9 of the message, in a: \\E is no escape of JSON; a backslash itself is written "
         "as \\\\, as in App\\\\Events"),
        ('{"a":"\\u12"}', "byte 6 of the message, in a: \\u is not followed by four hexadecimal digits; a backslash "
         "itself is written as \\\\"),
        ('{"a":"x', "byte 5 of the message, in a: a text begins and never ends; the message breaks off: it was cut, or "
         "sent in parts, or a quotation mark is missing"),
        ('{"a":1}\0\0', "byte 7 of the message: the JSON ends, and U+0000 NUL follows; a buffer was sent whole: send "
         "as many bytes as the JSON has"),
        ('{"a":1}}', "byte 7 of the message: the JSON ends, and '}' follows; there is one closing bracket too many, or "
         "an opening one is missing"),
        ('{"a":1},{"a":2}', "byte 7 of the message: the JSON ends, and ',' follows; a message holds one event: send "
         "each as a message of its own"),
        ('{"a":{"b":[0,{"c":-Infinity}]}}', "byte 18 of the message, in a.b[1].c: JSON has no -Infinity; a calculation "
         "failed, or divided by 0; Python's json.dumps writes it unless it gets allow_nan=False"),
    ],
)  # fmt: skip
def test_the_place_and_the_cause_of_a_mistake_are_named(text: str, said: str) -> None:
    assert detail(text.encode()) == f"not JSON at {said}"


def test_a_number_that_no_parser_reads_is_found() -> None:
    said = "an integer of 5000 digits begins at byte 11 of the message, in a[2]; at most 4300 digits are read"
    assert detail(b'{"a":[0,1, %b]}' % (b"9" * 5000)) == said


LATIN_1 = json.dumps(FIELDS | {"name_of_product": "Müller"}, ensure_ascii=False).encode("latin-1")
CP_1252 = json.dumps(FIELDS | {"name_of_product": "5 €"}, ensure_ascii=False).encode("cp1252")


@pytest.mark.parametrize(
    ("value", "at", "byte", "said"),
    [
        (LATIN_1, LATIN_1.index(b"\xfc"), "0xFC", "in name_of_product; in Latin-1 and Windows-1252 it is U+00FC"),
        (CP_1252, CP_1252.index(b"\x80"), "0x80", "in name_of_product; in Windows-1252 it is U+20AC EURO SIGN"),
        (b'{"a":"caf\xc3"}', 9, "0xC3", "in a; in Latin-1"),
        (b'{"a":"caf\xc3', 9, "0xC3", "in a; the message ends within a character: it was cut"),
        (b'{"a":["x\xf0\x9f\x98"]}', 8, "0xF0", "in a[0]; in Latin-1"),
        (b'{"a":"\xc0\x80"}', 6, "0xC0", "in a; Java's modified UTF-8 writes U+0000 so"),
        (b'{"a":"\xed\xa0\x80"}', 6, "0xED", "in a; half of a surrogate pair was encoded"),
        (b'{"a":"\xc3\xa9\xc3\xa9\xff"}', 10, "0xFF", "in a; in Latin-1"),
        (b'{"k\xe4y":1}', 3, "0xE4", "in Latin-1"),
        (b'{"a":1}\xe4', 7, "0xE4", "the message ends within a character"),
        (b'{"a":tru, "b":"\xe4"}', 15, "0xE4", "in b; in Latin-1"),
    ],
    ids=range(11),
)
def test_bytes_that_are_not_utf_8_are_found_in_the_message(value: bytes, at: int, byte: str, said: str) -> None:
    words = detail(value)
    assert words.startswith(f"not UTF-8: byte {at} of the message is {byte} (")
    assert said in words
