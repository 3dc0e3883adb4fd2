"""The sealed days of the benchmarks are documents that the consumer could have left."""

import bson

from bench.serving.sealed_past import BUSY, QUIET, days_of
from consumer.sealing.day_sums import quarters_of_day
from shared.documents import rollup_day_id


def test_a_day_is_the_sum_of_its_quarter_hours() -> None:
    (day,) = (bson.decode(document) for document in days_of([(3, 7)], [20_787], BUSY))
    assert day["_id"] == rollup_day_id(3, 20_787, 7)
    assert (day["sales"], day["ratings"], day["r9"]) == (20, 8, 8)
    assert list(quarters_of_day(day)) == list(BUSY.quarters), "or it raises NotSealable"
    assert BUSY.sales_a_day == day["sales"]


def test_each_product_has_each_day() -> None:
    days = [bson.decode(document) for document in days_of([(1, 0), (2, 5)], [10, 9], QUIET)]
    assert [(day["_id"]["p"], day["_id"]["d"], day["_id"]["k"]) for day in days] == [
        (1, 10, 0), (1, 9, 0), (2, 10, 5), (2, 9, 5),
    ]  # fmt: skip
    assert all(day["sales"] == day["q"]["50"]["sales"] == 1 for day in days)
