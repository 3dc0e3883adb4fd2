"""Every form that a file may have gives the same messages, as the bytes that the file holds, with their lines."""

import bz2
import errno
import gzip
import io
import json
import time
import tracemalloc
from collections.abc import Iterator
from typing import BinaryIO, cast

import pytest

from scripts.publish.files.forms import Form, messages
from scripts.publish.files.message import LONGEST_BYTES, LONGEST_LINE_BYTES, FileMessage
from scripts.publish.sending.producer_settings import LARGEST_RECORD_BYTES

FIRST = b'{"event": "productSold", "amount": 1000.50, "note": "a } \\" ] { [ , \\\\"}'
SECOND = '{"event": "productRated", "rating": 4.50, "tags": [[], {}], "name": "Köln"}'.encode()
PRETTY = b'{\n  "event": "productSold",\n  "in": [\n    {"x": 1},\n    {\n    }\n  ],\n  "amount": 1E2\n}'


def read(content: bytes, form: Form = Form.AUTO) -> list[FileMessage]:
    return list(messages(io.BytesIO(content), form))


def values(content: bytes) -> list[bytes]:
    """The messages' values. Fails when one has a problem."""
    found = read(content)
    assert not [each.problem for each in found if each.problem]
    return [each.value for each in found]


FORMS = {
    "lines": b"%b\n%b\n",
    "no line end at the end": b"%b\n%b",
    "CR LF": b"%b\r\n%b\r\n",
    "blank lines": b"\n \n%b\n\n\t\n%b\n\n",
    "indented lines": b"  %b  \n\t%b\n",
    "one line": b"%b%b",
    "an array": b"[%b,%b]",
    "an array over lines": b"[\n  %b,\n  %b\n]\n",
    "an array with commas in front": b"[%b\n,%b]",
    "two arrays": b"[%b]\n[%b]",
    "an array and a line": b"[%b]\n%b",
}


@pytest.mark.parametrize("form", FORMS)
def test_json_in_every_form_gives_the_same_bytes(form: str) -> None:
    assert values(FORMS[form] % (FIRST, SECOND)) == [FIRST, SECOND]
    assert values(FORMS[form] % (PRETTY, FIRST)) == [PRETTY, FIRST]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_marks_and_other_encodings_are_taken_off(form: str, encoding: str) -> None:
    text = (FORMS[form] % (FIRST, SECOND)).decode()
    encoded = text.encode(encoding)
    assert values(encoded) == [FIRST, SECOND]
    assert values(gzip.compress(encoded, mtime=0)) == [FIRST, SECOND]


def test_big_endian_and_gzip_in_parts_and_twice() -> None:
    assert values(b"\xfe\xff" + FIRST.decode().encode("utf-16-be")) == [FIRST]
    assert values(gzip.compress(FIRST + b"\n", mtime=0) + gzip.compress(SECOND, mtime=0)) == [FIRST, SECOND]
    assert values(gzip.compress(gzip.compress(FIRST, mtime=0), mtime=0)) == [FIRST]


class Trickle(io.RawIOBase):
    """A stream that has a byte at a time, as a slow pipe has."""

    def __init__(self, content: bytes) -> None:
        self._rest = iter(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        byte = next(self._rest, None)
        if byte is None:
            return 0
        cast("bytearray", buffer)[0] = byte
        return 1


@pytest.mark.parametrize("form", FORMS)
def test_a_slow_stream_gives_the_same(form: str) -> None:
    content = gzip.compress((FORMS[form] % (PRETTY, SECOND)).decode().encode("utf-16"), mtime=0)
    stream = cast("BinaryIO", io.BufferedReader(Trickle(content), 16))
    assert [each.value for each in messages(stream, Form.AUTO)] == [PRETTY, SECOND]


def test_lines_are_those_of_the_file() -> None:
    found = read(b"\n" + FIRST + b"\n\n" + PRETTY + b"\nhello\n[1,\n2]")
    assert [(each.line, each.last_line) for each in found] == [(2, 2), (4, 12), (13, 13), (14, 14), (15, 15)]
    assert [each.origin for each in found][:2] == ["line 2", "lines 4 to 12"]


BROKEN = {
    "no brace at the end": (b'{"a": 1\n', b'{"a": 1'),
    "a cut string": (b'{"a": "x\n', b'{"a": "x'),
    "a cut string in a document of several lines": (b'{\n  "a": "x,\n  "b": 2\n}\n', b'{\n  "a": "x,'),
    "a cut array": (b'{"a": [1, 2\n', b'{"a": [1, 2'),
    "a cut document of several lines": (b'{\n  "a": {\n    "b": 1\n', b'{\n  "a": {\n    "b": 1'),
    "no JSON": (b"hello {\n", b"hello {"),
    "a comma behind": (b"7,\n", b"7,"),
    "half of a document": (b'"a": 1}\n', b'"a": 1}'),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_message_takes_no_other_with_it(case: str) -> None:
    content, broken = BROKEN[case]
    found = [each.value for each in read(FIRST + b"\n" + content + SECOND + b"\n" + PRETTY + b"\n" + FIRST)]
    assert found == [FIRST, broken, SECOND, PRETTY, FIRST]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"[%b" % FIRST, "the array that begins in line 1 does not end"),
        (b"[%b %b]" % (FIRST, SECOND), "a comma is missing"),
        (b"[%b,,%b]" % (FIRST, SECOND), "an element is missing"),
        (gzip.compress(FIRST * 50, mtime=0)[:-9], "the rest cannot be read"),
        (b"\x1f\x8bno gzip", "the rest cannot be read"),
        ((FIRST.decode() + "\n").encode("utf-16") + b"x", "the rest cannot be read"),
        (bz2.compress(FIRST), "bzip2"),
        (b"PK\x03\x04rest", "Excel"),
    ],
)
def test_what_is_wrong_with_the_file_is_said(content: bytes, problem: str) -> None:
    problems = [each.problem for each in read(content) if each.problem]
    assert len(problems) == 1
    assert problem in problems[0]


def test_elements_that_are_no_objects_are_messages_too() -> None:
    assert [each.value for each in read(b'[1, "x, ]", [2, {"a": 3}], null ,-1.5e3\n]')] == [
        b"1", b'"x, ]"', b'[2, {"a": 3}]', b"null", b"-1.5e3",
    ]  # fmt: skip


def test_no_content_is_no_message() -> None:
    for content in (b"", b"\n\n", b"[]", b"\xef\xbb\xbf", gzip.compress(b"", mtime=0)):
        assert read(content) == []


def test_raw_lines_are_as_they_are() -> None:
    content = b"\xef\xbb\xbf[1,\r\n\n\xe9" + gzip.compress(b"x", mtime=0).replace(b"\n", b"")
    assert [each.value for each in read(content, Form.LINES)] == content.split(b"\n")


def test_an_array_of_gigabytes_in_one_line_takes_little_memory() -> None:
    def endless() -> Iterator[bytes]:
        yield b"[" + FIRST
        for _ in range(10_000):
            yield b"," + FIRST

    class Stream(io.RawIOBase):
        parts = endless()

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: object) -> int:
            part = next(self.parts, b"")
            cast("bytearray", buffer)[: len(part)] = part
            return len(part)

    tracemalloc.start()
    count = sum(1 for _ in messages(cast("BinaryIO", io.BufferedReader(Stream())), Form.AUTO))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 10_002  # and one for the array that does not end
    assert peak < 1_000_000


def test_a_document_that_is_too_long_is_reported_and_not_kept() -> None:
    content = b'{"a": "' + b"x" * (8 * LONGEST_BYTES) + b'"}\n' + FIRST
    tracemalloc.start()
    long, last = read(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (long.value, long.problem[:9], last.value) == (b"", "too_large", FIRST)
    assert peak < 3 * LONGEST_BYTES


def test_a_hostile_file_takes_time_in_proportion_to_its_length() -> None:
    for line in (b'{"a": 1\n', b'{"a": [\n', b'{"a": "\n', b"[\n", b'{"a":\n', b"{\n"):
        started = time.process_time()
        assert len(read(line * 20_000)) >= 1
        assert time.process_time() - started < 5


def test_json_that_python_writes_in_any_way_is_read_back() -> None:
    documents = [{"a": [number, {"b": ']}{[\n"\\'}], "c": {}} for number in range(50)]
    for indent in (None, 0, 1, 4, "\t"):
        for ascii_only in (True, False):
            text = json.dumps(documents, indent=indent, ensure_ascii=ascii_only).encode()
            assert [json.loads(value) for value in values(text)] == documents
            one_by_one = "\n".join(json.dumps(each, indent=indent) for each in documents).encode()
            assert [json.loads(value) for value in values(one_by_one)] == documents


def test_a_raw_line_that_is_too_long_is_reported_and_not_kept() -> None:
    content = b"first\n" + b"x" * LONGEST_LINE_BYTES + b"\n" + b"y" * (LONGEST_LINE_BYTES + 7) + b"\nlast"
    first, longest, long, last = read(content, Form.LINES)
    assert (first.value, len(longest.value), last.value, last.line) == (b"first", LONGEST_LINE_BYTES, b"last", 4)
    assert (long.value, long.problem) == (
        b"",
        f"too_large: {LONGEST_LINE_BYTES + 7} bytes, of which consumers take 65536",
    )


def test_a_raw_line_may_be_as_long_as_kafka_s_client_takes() -> None:
    assert LONGEST_LINE_BYTES == LARGEST_RECORD_BYTES


class Failing(io.RawIOBase):
    """A file on a disk that fails after its first bytes."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        if not self._content:
            raise OSError(errno.EIO, "Input/output error")
        given, self._content = self._content, b""
        cast("bytearray", buffer)[: len(given)] = given
        return len(given)


@pytest.mark.parametrize("form", [Form.AUTO, Form.LINES])
def test_a_file_whose_rest_cannot_be_read_says_so(form: Form) -> None:
    stream = cast("BinaryIO", io.BufferedReader(Failing(FIRST + b"\n" + SECOND + b"\n")))
    *_, rest = messages(stream, form)
    assert rest.problem == "the rest cannot be read: Input/output error"
