"""What `dead_letters show` prints of a message's value: text as text, with wrong bytes written out; else a dump."""

import gzip

from hypothesis import given
from hypothesis import strategies as st

from scripts.common.contents import DUMPED_BYTES, SHOWN_BYTES, lines_of, text_of
from scripts.common.text import literal

EVENT = '{"event": "productSold", "name_of_product": "Müller", "product_id": 7}'


def test_text_is_shown_as_it_is() -> None:
    assert list(lines_of(EVENT.encode())) == [EVENT]
    assert list(lines_of(b"")) == [""]
    assert list(lines_of(None)) == ["(none)"]


def test_text_in_latin_1_stays_text_with_its_wrong_bytes_written_out() -> None:
    said = r"(not UTF-8: bytes that are no text are written as \xfc is)"
    assert list(lines_of(EVENT.encode("latin-1"))) == [EVENT.replace("ü", "\\xfc"), said]


def test_bytes_are_dumped_and_numbered_as_details_number_them() -> None:
    assert list(lines_of(b"\0\0\0\x04\xd2\x16productSold\x0aChair")) == [
        " 0  00 00 00 04 d2 16 70 72 6f 64 75 63 74 53 6f 6c  |......productSol|",
        "16  64 0a 43 68 61 69 72                             |d.Chair|",
    ]
    assert next(lines_of(EVENT.encode("utf-16-le"))).startswith("  0  7b 00 22 00 65 00")
    assert next(lines_of(gzip.compress(EVENT.encode(), mtime=0))).lstrip().startswith("0  1f 8b 08 00")


def test_a_long_value_is_cut_and_what_is_left_out_is_counted() -> None:
    assert list(lines_of(b"x" * (SHOWN_BYTES + 5))) == ["x" * SHOWN_BYTES + " … 5 bytes more"]
    dumped = list(lines_of(b"\xff\0" * DUMPED_BYTES))
    assert len(dumped) == 1 + DUMPED_BYTES // 16
    assert dumped[-1] == f"… {DUMPED_BYTES} bytes more"


def test_a_key_or_header_is_one_piece() -> None:
    assert text_of(b"\xff\xfe") == "ff fe"
    assert text_of("é".encode()) == "é"
    assert text_of(None) == "(none)"


@given(st.binary(max_size=9000) | st.text(max_size=3000).map(lambda text: text.encode(errors="replace")))
def test_whatever_a_value_is_it_is_shown(value: bytes) -> None:
    lines = list(lines_of(value))
    assert lines
    assert all(literal(line) or not line for line in lines)
