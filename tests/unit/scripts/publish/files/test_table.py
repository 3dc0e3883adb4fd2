"""A table with a header row: a row is an event whose cells are sent as text, every digit of them."""

import io
import json

import pytest

from consumer.events.decode import decode
from consumer.events.event import Sold
from consumer.events.time_limits import TimeLimits
from scripts.publish.files.forms import Form, messages
from scripts.publish.files.message import FileMessage

HEADER = "event,product_id,name_of_product,no_of_units,amount,currency"


def read(text: str, encoding: str = "utf-8", form: Form = Form.AUTO) -> list[FileMessage]:
    return list(messages(io.BytesIO(text.encode(encoding)), form))


def events(text: str, encoding: str = "utf-8") -> list[dict[str, str]]:
    found = read(text, encoding)
    assert not [each.problem for each in found if each.problem]
    return [json.loads(each.value) for each in found]


SALE = {"event": "productSold", "product_id": "3", "name_of_product": "Chair", "no_of_units": "2"}


def test_a_row_is_an_event_that_consumers_accept() -> None:
    (message,) = read(f"{HEADER}\nproductSold,3,Chair,2,90071992547409931.070000,EUR\n")
    sold = decode(message.value, 0, TimeLimits(-1, 1))
    assert isinstance(sold, Sold)
    assert (sold.product, sold.units, sold.amount) == (3, 2, 90071992547409931_070000)
    assert sold.unknown_fields == {"currency": "EUR"}
    assert message.line == 2


def test_an_empty_cell_is_left_out() -> None:
    assert events(f"{HEADER}\nproductSold,3,Chair,2,,\nproductSold,3,Chair,2\n") == [SALE, SALE]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_separators_and_encodings_of_spreadsheets(separator: str, encoding: str) -> None:
    rows = ("event", "Product ID", "Name of product", "no-of-units"), ("productSold", " 3 ", "Chair", "2")
    text = "".join(separator.join(row) + "\r\n" for row in rows)
    assert events(text, encoding) == [SALE]


def test_quoted_cells_may_hold_separators_quotes_and_lines() -> None:
    text = 'event,product_id,name_of_product\nproductSold,3,"Chair, ""big""\nand red"\n\nproductSold,4,x\n'
    assert events(text) == [
        {"event": "productSold", "product_id": "3", "name_of_product": 'Chair, "big"\nand red'},
        {"event": "productSold", "product_id": "4", "name_of_product": "x"},
    ]
    assert [(each.line, each.last_line) for each in read(text)] == [(2, 3), (5, 5)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("event,product_id\nx,1,2\n", "column 3 stands under no name"),
        ("event,product_id,\nx,1,2\n", "column 3 stands under no name"),
        ('event,product_id\n"x"y,1\n', "not CSV"),
        ('event,product_id\nx,"1\n', "not CSV"),
        ("event,product_id,Event\nx,1,2\n", "more than once"),
        ("product_id,amount\n1,2\n", "no column event"),
        (f"event,product_id\n{'x' * 2_000_000}", "longer than"),
        (f"event,product_id\n{'x' * 200_000},1\n", "not CSV"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(text: str, problem: str) -> None:
    problems = [each.problem for each in read(text) if each.problem]
    assert len(problems) == 1
    assert problem in problems[0]


def test_a_row_that_is_no_csv_takes_no_other_with_it() -> None:
    found = read('event,product_id\n"x"y,1\nproductSold,4\n')
    assert [bool(each.problem) for each in found] == [True, False]


def test_a_table_is_recognised_by_two_columns_of_the_contract() -> None:
    assert read("event product_id\nx 1\n")[0].value == b"event product_id"
    assert read("a,b\n1,2\n")[0].value == b"a,b"
    assert "no column event" in read("a,b\n1,2\n", form=Form.CSV)[0].problem
    assert read(f"{HEADER}\n", form=Form.JSON)[0].value == HEADER.encode()


@pytest.mark.parametrize("line", [b"sep=;\r\n", b"SEP=;\n", b'"sep=;"\n', b"\n sep=;\n"[1:].lstrip()])
def test_the_line_that_excel_writes_before_the_header_names_the_separator(line: bytes) -> None:
    table = line + b"event;product_id;amount\r\nproductSold;3;1000.50\r\n"
    (message,) = messages(io.BytesIO(table), Form.AUTO)
    assert (json.loads(message.value), message.line, message.problem) == (
        {"event": "productSold", "product_id": "3", "amount": "1000.50"},
        3,
        "",
    )


def test_a_cell_that_is_not_utf8_is_named_by_line_and_column() -> None:
    table = "event,product_id,name_of_product\nproductSold,3,Tisch\nproductSold,4,Stühle\n".encode("latin-1")
    good, bad = messages(io.BytesIO(table), Form.AUTO)
    assert not good.problem
    assert bad.origin == "line 3"
    assert bad.problem.startswith("the cell in column 3 (name_of_product) is not UTF-8, but perhaps Windows-1252")
    header = "event,product_id,Größe\nproductSold,3,7\n".encode("latin-1")
    (problem,) = messages(io.BytesIO(header), Form.AUTO)
    assert "the name of column 3 in line 1 is not UTF-8" in problem.problem
