"""A document of `rollups` or `totals` -> its sums by path, as stored and as the raw events ask for. Pure.

Paths are those of `shared.documents`: empty for the hour itself, `b.3` a block, `b.3.m.31` a minute, `s.7` a second.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from scripts.audit.reading import packed_sums as sums
from shared.documents import SUMS, Document, block_path, minute_path

_LEVELS: Final = {"b": "block", "m": "minute", "s": "second"}

Levels = dict[str, int]
"""Packed sums by path; without the paths that have none."""

NOT_A_SUM: Final = -1
"""Stands for stored values that no sum of events can be, and for fields that nothing writes."""


def of_hour(minutes: Iterable[tuple[int, int]]) -> Levels:
    """What an hour's document must hold; `minutes` are minutes since 1970 and the sums of each."""
    levels: Levels = {"": 0}
    for minute, packed in minutes:
        block = block_path(minute)
        levels[""] += packed
        levels[block] = levels.get(block, 0) + packed
        levels[minute_path(minute)] = packed
    return levels


def as_stored(document: Mapping[str, Any]) -> Levels:
    """The sums that `document` holds. Raises nothing: what is no sum is `NOT_A_SUM`."""
    levels: Levels = {}
    _collect(document, "", levels)
    return {path: packed for path, packed in levels.items() if packed}


def _collect(document: Mapping[str, Any], path: str, levels: Levels) -> None:
    try:
        levels[path] = sums.stored(document)
    except sums.NotASum:
        levels[path] = NOT_A_SUM
    for name, inner in document.items():
        if name in SUMS or (name == "_id" and not path):
            continue
        at = f"{path}.{name}" if path else name
        if name not in _LEVELS or not isinstance(inner, dict):
            levels[at] = NOT_A_SUM
            continue
        for number, part in inner.items():
            if isinstance(part, dict):
                _collect(part, f"{at}.{number}", levels)
            else:
                levels[f"{at}.{number}"] = NOT_A_SUM


def level_of(path: str) -> str:
    """`hour`, `block`, `minute` or `second`."""
    return next((_LEVELS[step] for step in reversed(path.split(".")) if step in _LEVELS), "hour")


def as_document(identity: Document, levels: Levels) -> Document:
    """The document of `identity` that holds `levels`."""
    document: Document = {"_id": identity}
    for path, packed in levels.items():
        place = document
        for step in path.split(".") if path else ():
            place = place.setdefault(step, {})
        place.update(sums.fields(packed))
    return document
