"""A day's sums over all products, of its hours and minutes or sealed, against the sums of its seconds."""

from scripts.audit.reading.packed_sums import without_bins
from scripts.audit.reading.shapes import is_aggregate_id
from scripts.audit.reading.snapshot import Snapshot
from scripts.audit.sums import levels
from scripts.audit.sums.by_time import PARTITION_BITS, PARTITION_MASK, SumsByTime, levels_by_hour
from scripts.audit.sums.differences import Compare, Difference
from scripts.audit.sums.levels import Levels
from scripts.audit.sums.sealed_days import hour_can_be_right, minutes_can_be_right, sealed_levels
from shared.documents import TOTAL_DAYS, TOTALS, second_path

_ByTime = dict[tuple[int, int], Levels]
"""Levels by partition and hour, or by partition and minute; times are counted since 1970."""


def compare_totals(day: int, seconds: SumsByTime, snapshot: Snapshot, compare: Compare) -> None:
    """Call `compare` for every document of a day (since 1970) over all products, and for every missing one.

    `seconds` are the sums of all events of that day. A document with a malformed `_id` is skipped, because
    `aggregate_ids` has reported it.
    """
    minutes: _ByTime = {}
    by_minute: SumsByTime = {}
    for key, of_second in seconds.items():
        packed = without_bins(of_second)
        second, partition = key >> PARTITION_BITS, key & PARTITION_MASK
        minutes.setdefault((partition - 1, second // 60), {})[second_path(second)] = packed
        minute = second // 60 << PARTITION_BITS | partition
        by_minute[minute] = by_minute.get(minute, 0) + packed
    hours = {(partition, hour): hour_levels for hour, partition, hour_levels in levels_by_hour(by_minute)}
    sealed = _read_sealed(day, snapshot)
    kept: dict[str, _ByTime] = {"h": {}, "m": {}}
    for name, a_day, expected in (("h", 24, hours), ("m", 24 * 60, minutes)):
        of_day = {"_id": {"$gte": {name: day * a_day}, "$lt": {name: (day + 1) * a_day}}}
        for document in snapshot.find(TOTALS, of_day):
            identity = document["_id"]
            if not is_aggregate_id(identity, f"{name}k"):
                continue
            key_of = identity["k"], identity[name]
            stored = levels.of_document(document)
            if identity["k"] in sealed:
                kept[name][key_of] = stored
            else:
                compare(Difference(TOTALS, identity, expected.pop(key_of, {}), stored))
        for (partition, time), wanted in expected.items():
            if partition not in sealed:
                compare(Difference(TOTALS, {name: time, "k": partition}, wanted, {}))
    for partition, of_day_ in sealed.items():
        stored_hours, stored_minutes = _of(partition, kept["h"]), _of(partition, kept["m"])
        given_hours, given_minutes = _of(partition, hours), _of(partition, minutes)
        day_of = _SealedTotals(day, partition, given_hours, given_minutes)
        day_of.compare(stored_hours, stored_minutes, of_day_, compare)


class _SealedTotals:
    """One partition's sums over all products, of a sealed day; `hours` and `minutes` are what the raw events give."""

    def __init__(self, day: int, partition: int, hours: dict[int, Levels], minutes: dict[int, Levels]) -> None:
        self._day = day
        self._partition = partition
        self._hours = hours
        self._minutes = minutes

    def compare(self, hours: dict[int, Levels], minutes: dict[int, Levels], sealed: Levels, compare: Compare) -> None:
        """Compare what is stored: hours, minutes and the sealed document."""
        right = {}
        for hour in sorted({*hours, *(minute // 60 for minute in minutes)}):
            of_hour = hours.get(hour, {})
            in_hour = {minute: seconds for minute, seconds in minutes.items() if minute // 60 == hour}
            if hour_can_be_right(of_hour, self._hours.get(hour, {})) and minutes_can_be_right(
                of_hour, in_hour, self._minutes
            ):
                right[hour] = of_hour
                continue
            self._compare({"h": hour}, of_hour, compare)
            for minute, seconds in in_hour.items():
                self._compare({"m": minute}, seconds, compare)
        identity = {"d": self._day, "k": self._partition}
        compare(Difference(TOTAL_DAYS, identity, sealed_levels(self._hours, right), sealed, of_sealed_day=True))

    def _compare(self, time: dict[str, int], stored: Levels, compare: Compare) -> None:
        """Nothing is expected of a document that cannot be right."""
        compare(Difference(TOTALS, {**time, "k": self._partition}, {}, stored, of_sealed_day=True))


def _read_sealed(day: int, snapshot: Snapshot) -> dict[int, Levels]:
    """The sealed documents of a day, by partition."""
    found = snapshot.find(TOTAL_DAYS, {"_id": {"$gte": {"d": day}, "$lt": {"d": day + 1}}})
    return {
        document["_id"]["k"]: levels.of_document(document)
        for document in found
        if is_aggregate_id(document["_id"], "dk")
    }


def _of(partition: int, by_time: _ByTime) -> dict[int, Levels]:
    return {time: of_time for (of_partition, time), of_time in by_time.items() if of_partition == partition}
