"""The old hours that `make bench` seals have what the consumer writes, and can be sealed."""

from itertools import islice

import bson
import pytest

from bench.lab.old_hours import hours_of_products
from consumer.sealing.day_sums import minutes_of_hour
from shared.documents import BIN_FIELDS, SUMS, Document


@pytest.fixture(scope="module")
def hours() -> list[Document]:
    return [bson.decode(document) for document in islice(hours_of_products(2), 49)]


def test_each_level_has_the_sums_and_each_rating_is_in_its_bin(hours: list[Document]) -> None:
    for document in hours:
        levels = [document, document["b"]["5"], document["b"]["5"]["m"]["58"]]
        assert [level["ratings"] for level in levels] == [60, 10, 1]
        for level in levels:
            assert set(SUMS) <= level.keys()
            assert sum(level.get(name, 0) for name in BIN_FIELDS) == level["ratings"]


def test_they_can_be_sealed(hours: list[Document]) -> None:
    assert all(len(minutes_of_hour(document)) == 60 for document in hours)


def test_hours_follow_each_other_and_then_come_the_next_product_and_the_day_before(hours: list[Document]) -> None:
    places = [(document["_id"]["p"], document["_id"]["h"]) for document in hours]
    first = places[0][1]
    assert first % 24 == 0
    assert places[:24] == [(0, first + hour) for hour in range(24)]
    assert (places[24], places[48]) == ((1, first), (0, first - 24))
