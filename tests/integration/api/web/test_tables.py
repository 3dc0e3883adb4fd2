"""The CSV of an address says what its JSON says, digit for digit, whatever products are called."""

# ruff: noqa: RUF001

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.api.conftest import NOON, empty_database, running_api
from tests.support.api.running import Api
from tests.support.documents.given_events import GivenEvent, GivenRating, GivenSale, store, store_partitions
from tests.support.servers.interface import MongoServer

NAMES = (
    "=1+1",
    "+1",
    "-1",
    "-1.5",
    "-",
    "@SUM(A1)",
    "\ttab",
    "\r",
    "\n=1",
    'a "b", c',
    "two\nlines",
    "a,b",
    "＝1",
    "null",
)
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""What spreadsheets take for the beginning of a formula."""
HOUR, DAY = 3_600_000, 86_400_000


@pytest.fixture(scope="module")
def api(mongo: MongoServer) -> Iterator[Api]:
    """An API at noon. Each name has a product with a sale and a rating in the last hour, and a sale a month before."""
    events: list[GivenEvent] = []
    for product, name in enumerate(NAMES):
        events += [
            GivenSale(
                product, NOON - product * 60_000, f"{10**18 - 1 - product}.{product:06}", units=product, name=name
            ),
            GivenRating(product, NOON - product * 61_000, f"{product % 6}", name=name, category=NAMES[-product]),
            GivenSale(product, NOON - 29 * DAY + product * HOUR, "0.000001", name=name),
        ]
    with empty_database(mongo) as database, running_api(mongo, database) as api:
        store_partitions(database, {0: None})
        store(database, events)
        yield api


@pytest.mark.parametrize(
    "path",
    [
        "/api/product/sale/series?window=1h&step=1m&compare=previous",
        "/api/product/sale/series?window=30d&step=1d&tz=Asia/Kathmandu",
        "/api/product/sale/3/series?window=24h&step=10m&compare=previous",
        "/api/product/rating/3/series?window=1h&step=1m",
        "/api/product/top?by=amount&window=30d&limit=100",
        "/api/product/top?by=rating&limit=100",
    ],
)
def test_a_table_has_the_values_of_the_json(api: Api, path: str) -> None:
    found = json.loads(api.get(path).text, parse_float=str, parse_int=str)
    rows = found if isinstance(found, list) else found.get("previous", []) + found["points"]
    header, *lines = csv.reader(io.StringIO(api.get(f"{path}&format=csv").content.decode(), newline=""))
    assert header == list(rows[0])
    assert lines == [[_cell(value) for value in row.values()] for row in rows]
    assert len(lines) > 10


def _cell(value: Any) -> str:
    """A cell as RFC 4180 gives it back; what could be a formula and is no number has an apostrophe before it."""
    if value is None or isinstance(value, bool):
        return "" if value is None else str(value).lower()
    text = str(value)
    is_harmless = not text.startswith(FORMULAS) or text.removeprefix("-").replace(".", "", 1).isdecimal()
    return text if is_harmless else f"'{text}"
