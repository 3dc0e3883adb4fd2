"""Which form a table is answered in."""

import pytest
from starlette.types import Scope

from api.web.negotiation import FORMAT, wants_csv
from api.web.query import NO_QUERY, QueryReader

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"


def scope(*accept: str) -> Scope:
    return {"headers": [(b"accept", value.encode()) for value in accept]}


@pytest.mark.parametrize(
    "accept",
    [
        "text/csv", "TEXT/CSV", "text/*", "text/csv;charset=utf-8", "text/csv; header=present", "text/csv, */*",
        "text/csv, */*;q=0.1", "application/json;q=0.9, text/csv", "text/csv;q=0.5, application/json;q=0.4",
        "application/json;q=0, */*", "application/*;q=0,*/*;q=0.1", "text/csv;q=0.001", "text/csv, application/*",
        "text/csv , application/json ; q=0.5", "text/plain, text/csv", "application/json;q=2, text/csv;q=0.1",
        "text/csv;Q=0.5",
    ],
)  # fmt: skip
def test_csv_is_preferred(accept: str) -> None:
    assert wants_csv(scope(accept), NO_QUERY)


@pytest.mark.parametrize(
    "accept",
    [
        "*/*", "", "application/json", BROWSER, "application/json, text/csv", "text/csv, application/json",
        "application/json, text/*", "text/csv;q=0", "text/csv;q=0.5, application/json", "text/csv;q=0.5, */*",
        "text/html", "application/xml", "text/csv;q=x", "text/csv;q=1.1", "text/csv;q=-1", "text/csv;q=", "csv",
        "text/csv;q=0, text/*", "*", ",,;", "*/*;q=0", "text/csv2", "image/*, */*", "text/*;q=0.4, */*;q=0.5",
    ],
)  # fmt: skip
def test_json_is_what_else_is_answered(accept: str) -> None:
    assert not wants_csv(scope(accept), NO_QUERY)


def test_without_accept_it_is_json_and_several_headers_are_one() -> None:
    assert not wants_csv(scope(), NO_QUERY)
    assert wants_csv(scope("text/html", "text/csv"), NO_QUERY)


def test_the_query_decides_before_accept() -> None:
    reader = QueryReader((FORMAT,))
    assert wants_csv(scope("application/json"), reader.read(b"format=csv"))
    assert not wants_csv(scope("text/csv"), reader.read(b"format=json"))
    assert wants_csv(scope("text/csv"), reader.read(b""))
