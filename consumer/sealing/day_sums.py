"""Sums of hours -> sums of quarter hours of a day, in whole numbers, and the check that documents are as written. Pure.

A sealed day keeps less than its hours do, so what is wrong in an hour could not be seen afterwards. Each level of a
document is therefore compared with the level below it first: an hour must be the sum of its blocks, a block that of its
minutes, a sealed day that of its quarter hours. Where one is not, or a document holds what this program never writes,
`NotSealable` is raised, and the day stays as it is for the audit to find. Ratings that an older consumer stored are in
no bin, so a day's bins may be fewer than its ratings. They are never more once all its documents are added, while a
single document may have more: the repair may put into one what another lacks.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from bson.decimal128 import Decimal128
from bson.int64 import Int64

from shared.decimals import decimal128, scaled
from shared.documents import AMOUNT_DECIMALS, BIN_FIELDS, RATING_DECIMALS, SUMS, Document

Sums: TypeAlias = tuple[int, ...]
"""The five sums in the order of `SUMS`: `amount` in millionths, `rating_sum` in hundredths, three counts. After them
the ratings by bin as one number, so that adding them is one addition: bin 0 is in its lowest 64 bits."""
ByTime: TypeAlias = dict[int, Sums]
"""Sums by the number of a minute in its hour, or of a quarter hour in its day."""

NOTHING: Final[Sums] = (0,) * (len(SUMS) + 1)
_BINS: Final = len(SUMS)
_PLACES: Final = {name: place for place, name in enumerate(SUMS)}
_DECIMALS: Final = {"amount": AMOUNT_DECIMALS, "rating_sum": RATING_DECIMALS}
_END_OF_DECIMAL: Final = 10**34
"""The first whole number that a Decimal128 cannot hold: it has 34 digits."""
_END_OF_COUNT: Final = 2**63
BIN_SHIFTS: Final = {name: 64 * bin_ for bin_, name in enumerate(BIN_FIELDS)}
"""Bits below each bin. It has at most as many ratings as there are, so all of them stay in its 64 bits."""
_ONE_BIN: Final = 2**64 - 1


class NotSealable(ValueError):
    """A document is not what this program writes, so nobody knows what to fold. The text says where and how."""


def minutes_of_hour(document: Mapping[str, Any]) -> ByTime:
    """The sums of each minute (0 to 59) of an hour's document of `rollups` or `totals`. Raises NotSealable."""
    minutes: ByTime = {}
    blocks = []
    own, parts = _read(document, "b", "the hour", "_id")
    for block, part in _numbered(parts, range(6), "b"):
        where = f"b.{block}"
        of_block, inner = _read(part, "m", where)
        found = {
            minute: _read(sums, None, f"{where}.m.{minute}")[0]
            for minute, sums in _numbered(inner, range(block * 10, block * 10 + 10), f"{where}.m")
        }
        _compare(of_block, found.values(), where)
        blocks.append(of_block)
        minutes |= found
    _compare(own, blocks, "the hour")
    return minutes


def sums_of_minute(document: Mapping[str, Any]) -> Sums:
    """The sum of all seconds of a minute's document of `totals`. Raises NotSealable."""
    own, parts = _read(document, "s", "the minute", "_id")
    if own != NOTHING:
        raise NotSealable("the minute has sums beside those of its seconds")
    return added_up(_read(part, None, f"s.{second}")[0] for second, part in _numbered(parts, range(60), "s"))


def quarters_of_day(document: Mapping[str, Any]) -> ByTime:
    """The sums of each quarter hour (0 to 95) of a sealed day's document. Raises NotSealable."""
    own, parts = _read(document, "q", "the day", "_id")
    quarters = {quarter: _read(part, None, f"q.{quarter}")[0] for quarter, part in _numbered(parts, range(96), "q")}
    _compare(own, quarters.values(), "the day")
    return quarters


def add_hour(quarters: ByTime, hour: int, minutes: ByTime) -> None:
    """Add an hour's minutes to a day's quarter hours. `hour` is counted since 1970, or from the day's beginning."""
    first = hour % 24 * 4
    for minute, sums in minutes.items():
        quarter = first + minute // 15
        known = quarters.get(quarter)
        quarters[quarter] = sums if known is None else added_up((known, sums))


def added_up(sums: Iterable[Sums]) -> Sums:
    """The sum of sums."""
    columns = tuple(zip(*sums, strict=True))
    return tuple(map(sum, columns)) if columns else NOTHING


def day_document(identity: Document, quarters: ByTime) -> Document:
    """The sealed day's document with this `_id`. Raises NotSealable where a sum has more digits than MongoDB holds."""
    document: Document = {"_id": identity, **_fields(added_up(quarters.values()))}
    document["q"] = {str(quarter): _fields(sums) for quarter, sums in sorted(quarters.items()) if any(sums)}
    return document


def _fields(sums: Sums) -> Document:
    """Sums as documents hold them; those of a kind of event that did not occur are left out."""
    amount, units, sales, ratings, rating_sum, bins = sums
    if max(amount, rating_sum) >= _END_OF_DECIMAL or max(units, sales, ratings) >= _END_OF_COUNT:
        raise NotSealable("a day's sum has more digits than MongoDB can hold")
    by_bin = _by_bin(bins)
    if sum(by_bin.values()) > ratings:
        raise NotSealable("a day would have more ratings by bin than ratings")
    fields: Document = {}
    if amount or units or sales:
        fields |= {"amount": decimal128(amount, AMOUNT_DECIMALS), "units": Int64(units), "sales": sales}
    if ratings or rating_sum:
        fields |= {"ratings": ratings, "rating_sum": decimal128(rating_sum, RATING_DECIMALS)}
    return fields | by_bin


def _by_bin(bins: int) -> dict[str, int]:
    """The bins that have ratings, by their fields."""
    counts = {name: bins >> shift & _ONE_BIN for name, shift in BIN_SHIFTS.items()} if bins else {}
    return {name: count for name, count in counts.items() if count}


def _read(part: Mapping[str, Any], inner: str | None, where: str, ignored: str | None = None) -> tuple[Sums, Any]:
    """The sums at one place of a document, and what is in its field `inner`, where the next level stands."""
    sums, below = list(NOTHING), {}
    for name, value in part.items():
        place = _PLACES.get(name)
        if place is not None:
            sums[place] = _whole(name, value, where)
        elif name in BIN_SHIFTS:
            sums[_BINS] += _whole(name, value, where) << BIN_SHIFTS[name]
        elif name == inner:
            below = value
        elif name != ignored:
            raise NotSealable(f"{where} has a field that is not written here, {name!r}")
    return tuple(sums), below


def _whole(name: str, value: object, where: str) -> int:
    """A stored sum as a whole number."""
    decimals = _DECIMALS.get(name)
    whole = -1
    if decimals is None:
        if isinstance(value, int) and not isinstance(value, bool):
            whole = int(value)
    elif isinstance(value, Decimal128):
        try:
            whole = scaled(value, decimals)
        except (ValueError, ArithmeticError):
            whole = -1
    if whole < 0:
        raise NotSealable(f"{name} of {where} is no sum of events")
    return whole


def _numbered(parts: object, numbers: range, where: str) -> Iterable[tuple[int, Mapping[str, Any]]]:
    """The parts of a level with their numbers, each of which must be among `numbers`."""
    if not isinstance(parts, dict):
        raise NotSealable(f"{where} is not a document")
    for name, part in parts.items():
        number = int(name) if name.isascii() and name.isdigit() and len(name) < 3 else -1
        if number not in numbers or str(number) != name or not isinstance(part, dict):
            raise NotSealable(f"{where} has a field that is not written here, {name!r}")
        yield number, part


def _compare(own: Sums, parts: Iterable[Sums], where: str) -> None:
    if own != added_up(parts):
        raise NotSealable(f"{where} is not the sum of its parts")
