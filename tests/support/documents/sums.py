"""Checks stored sums against those of the raw events: hours, minutes and sealed days together, as an independent model.

A day's sums are those of its sealed document and of its hours' documents together, and nothing stored says which event
is in which. So the hours' documents of a sealed day only have to be the sums of their own parts, while each quarter
hour of both together has to be that of the raw events. Where a day is not sealed, each document has to be right.
"""

from collections import defaultdict
from collections.abc import Iterable
from decimal import Context, Decimal
from typing import Any

from bson.decimal128 import Decimal128

from shared.mongo import SyncDatabase

Sums = dict[str, Decimal | int]
"""Sums by name (`amount`, `units`, ...), or by the path at which a document holds them (`b.3.m.31.amount`)."""
Key = tuple[int, ...]
"""What sums are of: product if any, time and partition. An aggregate's `_id` is such a tuple, in its order."""
ByKey = dict[Key, Sums]

_EXACT = Context(prec=60)
"""Sums of any number of events of a test, digit for digit; Python's default context would round at 28 digits."""


def check_sums(database: SyncDatabase, minutes: ByKey, seconds: ByKey) -> None:
    """Assert that sums by product, and over all products, are those of the raw events.

    `minutes` are the raw events' sums by (product, minute, partition), `seconds` those by (second, partition).
    """
    with database.client.start_session(snapshot=True) as moment:  # consumers may be moving sums from hours to days
        names = ("rollups", "rollup_days", "totals", "total_days")
        rollups, rollup_days, totals, total_days = (list(database[name].find(session=moment)) for name in names)
    hours = [document for document in totals if "h" in document["_id"]]
    of_seconds = [document for document in totals if "m" in document["_id"]]
    _check("rollups", minutes, rollups, rollup_days, _minutes_in, 60)
    kept = _check("totals by second", seconds, of_seconds, total_days, _seconds_in, 3600)
    _check_same("totals by hour", _flat_by_key(hours), _hours(_summed(kept, 60)))


def _check(what: str, raw: ByKey, stored: Iterable[Any], sealed: Iterable[Any], parts_in: Any, an_hour: int) -> ByKey:
    """Compare the documents of hours, or of minutes, and the sealed ones. `raw` is by minute or second, of which
    `an_hour` make an hour, and `parts_in` gives the sums of minutes or seconds in a document.

    Returns the sums that the unsealed documents must hold, by minute or second.
    """
    found, days = list(stored), _flat_by_key(sealed)
    kept: ByKey = {}
    for document in found:
        kept |= parts_in(document)
    must_hold = {key: sums for key, sums in raw.items() if (_at(key, 24 * an_hour)) not in days}
    must_hold |= {key: sums for key, sums in kept.items() if _at(key, 24 * an_hour) in days}
    documents = _hours(must_hold) if an_hour == 60 else _minutes(must_hold)
    _check_same(what, _flat_by_key(found), documents)
    _check_days(what, days, _summed(raw, an_hour // 4), _summed(kept, an_hour // 4))
    return must_hold


def _check_days(what: str, days: ByKey, raw: ByKey, kept: ByKey) -> None:
    """Compare sealed days, with what the hours hold beside them, with the raw events' quarter hours."""
    for key, stored in days.items():
        day: Sums = defaultdict(int)
        for quarter in range(96):
            prefix = f"q.{quarter}."
            of_quarter = {path.removeprefix(prefix): sum_ for path, sum_ in stored.items() if path.startswith(prefix)}
            add(day, of_quarter)
            day |= {prefix + name: sum_ for name, sum_ in of_quarter.items()}
            both: Sums = defaultdict(int, of_quarter)
            moment = (*key[:-2], key[-2] * 96 + quarter, key[-1])
            add(both, kept.get(moment, {}))
            expected = raw.get(moment, {})
            assert both == expected, (
                f"{what}, sealed day {key}, quarter {quarter}: {dict(both)} is not {dict(expected)}"
            )
        assert stored == day, f"{what}, sealed day {key}: {stored} is not the sum of its parts {dict(day)}"


def add(sums: Sums, amounts: Sums, prefix: str = "") -> None:
    """Add `amounts` to `sums`, each under its name after `prefix`."""
    for name, amount in amounts.items():
        sums[prefix + name] = (
            _EXACT.add(sums[prefix + name], amount) if isinstance(amount, Decimal) else (sums[prefix + name] + amount)
        )


def flat(document: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """The fields that hold no document, by their dotted path; without `_id`, and Decimal128 as Decimal."""
    leaves: dict[str, Any] = {}
    for name, value in document.items():
        if isinstance(value, dict):
            leaves |= {} if name == "_id" else flat(value, f"{prefix}{name}.")
        else:
            leaves[prefix + name] = value.to_decimal() if isinstance(value, Decimal128) else value
    return leaves


def _at(key: Key, span: int) -> Key:
    """The same with its time in spans of `span` of its units."""
    return (*key[:-2], key[-2] // span, key[-1])


def _summed(parts: ByKey, span: int) -> ByKey:
    """The sums of spans of `span` units."""
    summed: ByKey = defaultdict(lambda: defaultdict(int))
    for key, amounts in parts.items():
        add(summed[_at(key, span)], amounts)
    return summed


def _hours(minutes: ByKey) -> ByKey:
    """The documents of hours, with their blocks and minutes."""
    hours: ByKey = defaultdict(lambda: defaultdict(int))
    for key, amounts in minutes.items():
        minute = key[-2] % 60
        for prefix in ("", f"b.{minute // 10}.", f"b.{minute // 10}.m.{minute}."):
            add(hours[_at(key, 60)], amounts, prefix)
    return hours


def _minutes(seconds: ByKey) -> ByKey:
    """The documents of minutes, with their seconds."""
    minutes: ByKey = defaultdict(lambda: defaultdict(int))
    for key, amounts in seconds.items():
        add(minutes[_at(key, 60)], amounts, f"s.{key[-2] % 60}.")
    return minutes


def _minutes_in(hour: dict[str, Any]) -> ByKey:
    *product, number, partition = hour["_id"].values()
    return {
        (*product, number * 60 + int(minute), partition): flat(sums)
        for block in hour.get("b", {}).values()
        for minute, sums in block["m"].items()
    }


def _seconds_in(minute: dict[str, Any]) -> ByKey:
    number, partition = minute["_id"].values()
    return {(number * 60 + int(second), partition): flat(sums) for second, sums in minute.get("s", {}).items()}


def _flat_by_key(documents: Iterable[dict[str, Any]]) -> ByKey:
    return {tuple(document["_id"].values()): flat(document) for document in documents}


def _check_same(what: str, stored: ByKey, expected: ByKey) -> None:
    assert stored.keys() == expected.keys(), f"{what}: other documents than the events ask for"
    for key, sums in expected.items():
        assert stored[key] == sums, f"{what} {key}: {stored[key]} is not {dict(sums)}"
