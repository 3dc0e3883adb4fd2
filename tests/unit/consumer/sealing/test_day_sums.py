"""Hours become quarter hours digit for digit, and a document that is not as written is told from one that is."""

from decimal import Context, Decimal
from typing import Any

import pytest
from bson.decimal128 import Decimal128
from bson.int64 import Int64
from hypothesis import given
from hypothesis import strategies as st

from consumer.sealing.day_sums import (
    NotSealable,
    add_hour,
    day_document,
    minutes_of_hour,
    quarters_of_day,
    sums_of_minute,
)

EXACT = Context(prec=60)
LARGEST = Decimal("999999999999999999.999999")
IDENTITY: dict[str, int | str] = {"p": 1, "d": 2, "k": 0}

sales = st.builds(
    lambda amount, units: {"amount": amount, "units": units, "sales": 1},
    st.decimals(0, LARGEST, places=6),
    st.integers(0, 2**31 - 1),
)
ratings = st.builds(
    lambda rating, bins: {"ratings": 1, "rating_sum": rating} | {f"r{min(int(rating * 2), 9)}": 1 for _ in range(bins)},
    st.decimals(0, 5, places=2),
    st.integers(0, 1),
)
"""Some ratings are in no bin, as those that an older consumer stored."""
Event = tuple[int, dict[str, Any]]
days = st.lists(st.tuples(st.integers(0, 1439), sales | ratings), max_size=40)


def added(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Sums of sums, by the definition."""
    total: dict[str, Any] = {}
    for part in parts:
        for name, value in part.items():
            known = total.get(name, 0)
            total[name] = EXACT.add(Decimal(known), value) if isinstance(value, Decimal) else known + value
    return total


def stored(sums: dict[str, Any]) -> dict[str, Any]:
    """Sums as a document holds them."""
    return {name: Decimal128(value) if isinstance(value, Decimal) else value for name, value in sums.items()}


def hour_document(hour: int, events: list[Event]) -> dict[str, Any]:
    """The document of an hour of the day, made level by level."""
    inside = [(minute, sums) for minute, sums in events if minute // 60 == hour]
    document: dict[str, Any] = {"_id": {"h": 48 + hour}, **stored(added([sums for _, sums in inside])), "b": {}}
    for block in sorted({minute % 60 // 10 for minute, _ in inside}):
        of_block = [(minute % 60, sums) for minute, sums in inside if minute % 60 // 10 == block]
        document["b"][str(block)] = stored(added([sums for _, sums in of_block])) | {
            "m": {
                str(minute): stored(added([sums for at, sums in of_block if at == minute]))
                for minute in sorted({at for at, _ in of_block})
            }
        }
    return document


def plain(document: dict[str, Any]) -> dict[str, Any]:
    """The document with its numbers as Decimal and int."""
    return {
        name: plain(value)
        if isinstance(value, dict)
        else value.to_decimal()
        if isinstance(value, Decimal128)
        else int(value)
        for name, value in document.items()
    }


@given(days, days)
def test_a_day_is_the_sum_of_its_hours_and_what_it_held_before(before: list[Event], late: list[Event]) -> None:
    quarters = quarters_of_day(day_document(IDENTITY, {}))
    for events in (before, late):
        for hour in range(24):
            add_hour(quarters, 48 + hour, minutes_of_hour(hour_document(hour, events)))
        quarters = quarters_of_day(day_document(IDENTITY, quarters))
    expected: dict[str, Any] = {"_id": IDENTITY, **added([sums for _, sums in before + late]), "q": {}}
    for quarter in range(96):
        of_quarter = added([sums for minute, sums in before + late if minute // 15 == quarter])
        if of_quarter:
            expected["q"][str(quarter)] = of_quarter
    assert plain(day_document(IDENTITY, quarters)) == expected


def test_ten_thousand_of_the_largest_amounts_keep_every_digit() -> None:
    hour = hour_document(23, [(1439, {"amount": LARGEST, "units": 2**31 - 1, "sales": 1})] * 5_000)
    quarters = quarters_of_day(day_document(IDENTITY, {}))
    add_hour(quarters, 23, minutes_of_hour(hour))
    add_hour(quarters, 23, minutes_of_hour(hour))
    document = day_document(IDENTITY, quarters)
    assert document["amount"].to_decimal() == Decimal("9999999999999999999999.990000")
    assert document["q"]["95"]["units"] == 10_000 * (2**31 - 1)


def test_a_sum_of_more_digits_than_a_decimal128_has_is_not_rounded() -> None:
    with pytest.raises(NotSealable, match="more digits than MongoDB can hold"):
        day_document(IDENTITY, {0: (10**34, 1, 1, 0, 0, 0)})
    most = day_document(IDENTITY, {0: (10**34 - 1, 1, 1, 0, 0, 0)})
    assert str(most["amount"]) == "9999999999999999999999999999.999999"


ONE = {"amount": Decimal128("1.500000"), "units": Int64(2), "sales": 1}
TWO = {"amount": Decimal128("3.000000"), "units": Int64(4), "sales": 2}
HOUR: dict[str, Any] = {"_id": {}, **TWO, "b": {"3": {**TWO, "m": {"31": ONE, "39": ONE}}}}


def changed(path: str, value: object) -> dict[str, Any]:
    """`HOUR` with another value at `path`."""
    copy: dict[str, Any] = {**HOUR, "b": {"3": {**HOUR["b"]["3"], "m": dict(HOUR["b"]["3"]["m"])}}}
    *steps, last = path.split(".")
    part = copy
    for step in steps:
        part[step] = dict(part[step])
        part = part[step]
    part[last] = value
    return copy


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("amount", Decimal128("3.000001")),
        ("amount", Decimal128("-3.0")),
        ("amount", Decimal128("NaN")),
        ("amount", Decimal128("3.0000001")),
        ("amount", 3),
        ("units", 4.0),
        ("sales", True),
        ("ratings", 1),
        ("b", 5),
        ("b.3", None),
        ("b.6", {**TWO, "m": {}}),
        ("b.03", {"m": {}}),
        ("b.3.sales", 3),
        ("b.3.m", []),
        ("b.3.m.31", ONE | {"sales": 2}),
        ("b.3.m.40", ONE),
        ("b.3.m.38", ONE),
        ("b.3.m.31", ONE | {"currency": "EUR"}),
        ("currency", "EUR"),
        ("q", {}),
    ],
)
def test_an_hour_that_is_not_as_written_is_not_sealable(path: str, value: object) -> None:
    assert minutes_of_hour(HOUR) == {31: (1_500_000, 2, 1, 0, 0, 0), 39: (1_500_000, 2, 1, 0, 0, 0)}
    with pytest.raises(NotSealable):
        minutes_of_hour(changed(path, value))


@pytest.mark.parametrize("document", [{**ONE, "s": {"7": ONE}}, {"s": {"60": ONE}}, {"s": {"7": {"m": {}}}}, {"m": {}}])
def test_a_minute_that_is_not_as_written_is_not_sealable(document: dict[str, Any]) -> None:
    assert sums_of_minute({"_id": {}, "s": {"7": ONE, "59": ONE}}) == (3_000_000, 4, 2, 0, 0, 0)
    with pytest.raises(NotSealable):
        sums_of_minute(document)


@pytest.mark.parametrize(
    "document", [{**ONE, "q": {}}, {"q": {"96": {}}}, {"q": {"5": ONE}}, {**ONE, "q": {"05": ONE}}]
)
def test_a_sealed_day_that_is_not_as_written_is_not_added_to(document: dict[str, Any]) -> None:
    assert quarters_of_day({"_id": {}, **ONE, "q": {"95": ONE}}) == {95: (1_500_000, 2, 1, 0, 0, 0)}
    with pytest.raises(NotSealable):
        quarters_of_day(document)


@pytest.mark.parametrize("bins", [{"r9": 3}, {"r8": 1, "r9": 2}, {"r9": -1}, {"r9": 1.0}, {"r10": 1}, {"r09": 1}])
def test_bins_that_are_no_part_of_the_ratings_are_not_sealable(bins: dict[str, Any]) -> None:
    rated = {"ratings": 2, "rating_sum": Decimal128("9.50")}
    quarters = quarters_of_day({"_id": {}, **rated, "r9": 2, "q": {"95": rated | {"r9": 2}}})
    assert day_document(IDENTITY, quarters)["q"]["95"]["r9"] == 2
    with pytest.raises(NotSealable):
        day_document(IDENTITY, quarters_of_day({"_id": {}, **rated, **bins, "q": {"95": rated | bins}}))


def test_bins_of_a_day_that_are_not_those_of_its_quarters_are_not_sealable() -> None:
    rated = {"ratings": 2, "rating_sum": Decimal128("9.50")}
    with pytest.raises(NotSealable, match="not the sum of its parts"):
        quarters_of_day({"_id": {}, **rated, "r9": 1, "q": {"95": rated | {"r9": 2}}})


def test_an_hour_may_have_the_bins_of_ratings_that_its_day_holds() -> None:
    """So a repair leaves them, where a day was sealed between the audit and the repair of its hour."""
    rated = {"ratings": 1, "rating_sum": Decimal128("4.50")}
    quarters = quarters_of_day({"_id": {}, **rated, "q": {"92": rated}})
    add_hour(quarters, 23, minutes_of_hour({"_id": {}, "r9": 1, "b": {"0": {"r9": 1, "m": {"5": {"r9": 1}}}}}))
    assert day_document(IDENTITY, quarters) == {"_id": IDENTITY, **rated, "r9": 1, "q": {"92": rated | {"r9": 1}}}
