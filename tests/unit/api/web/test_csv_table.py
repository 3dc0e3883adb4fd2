"""CSV that any reader understands, and that no spreadsheet runs."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from api.web.csv_table import table


def test_a_table_is_rfc_4180() -> None:
    rows = [
        (1, "Chair", "1000.5", None, True),
        (2, 'Table, "big"\r\nred', "-3", "", False),
        (3, "Stühle 😀", "0", "x", 0),
    ]
    assert (
        table(["id", "name", "amount", "change", "partial"], rows)
        == (
            "id,name,amount,change,partial\r\n"
            "1,Chair,1000.5,,true\r\n"
            '2,"Table, ""big""\r\nred",-3,,false\r\n'
            "3,Stühle 😀,0,x,0\r\n"
        ).encode()
    )


def test_a_table_without_rows_has_its_columns() -> None:
    assert table(["id"], []) == b"id\r\n"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1-1", "@SUM(A1)", "\t=1", "-", "-1,5", "--1", "+", "-1e3", "-.5",
                                  "-\u0661", "\uff1d1", "\uff20x", "-1\n"])  # fmt: skip
def test_a_formula_is_made_text(text: str) -> None:
    assert next(csv.reader(io.StringIO(table([text], []).decode(), newline=""))) == ["'" + text]


def test_a_formula_behind_a_line_break_is_made_text() -> None:
    assert table(["\r=1", "\n=1"], []) == b'"\'\r=1","\'\n=1"\r\n'


@pytest.mark.parametrize("number", ["0", "-1", "-0.25", "12.5", "-123456789012345678.123456"])
def test_a_number_stays_a_number(number: str) -> None:
    assert table([number], []) == f"{number}\r\n".encode()
    assert table([], [(-1,)]) == b"\r\n-1\r\n"


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1, max_size=5))
@example(["'", ","])
@example(["", '"'])
def test_every_reader_gets_the_cells_back(cells: list[str]) -> None:
    (read,) = csv.reader(io.StringIO(table(cells, []).decode(), newline=""), strict=True) if cells != [""] else [cells]
    assert [got in (cell, "'" + cell) for got, cell in zip(read, cells, strict=True)] == [True] * len(cells)
    assert not any(got.startswith(("=", "+", "@", "\t", "\r")) for got in read)
