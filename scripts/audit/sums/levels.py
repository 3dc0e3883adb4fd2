"""A document of sums as packed sums by path: as it is stored, and as the raw events give it. Pure.

Paths are those of `shared.documents`: empty for the document's own day, hour or minute, `b.3` for a block of ten
minutes, `b.3.m.31` for a minute, `s.7` for a second, `q.37` for a quarter hour of a sealed day. Example: a product's
hour with one sale of 3 units for 12.50 at 13:31 has the same packed sums at three paths, "", "b.3" and "b.3.m.31".
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from scripts.audit.reading import packed_sums
from shared.documents import Document, block_path, minute_path

_LEVELS: Final = {"b": "block", "m": "minute", "s": "second", "q": "quarter"}

Levels = dict[str, int]
"""Packed sums by path, without the paths whose sums are all zero."""

NOT_A_SUM: Final = -1
"""Stands in `Levels` for a stored value that no sum of events can be, and for a field that this program never writes.
Packed sums are never negative."""


def of_minutes(minutes: Iterable[tuple[int, int]]) -> Levels:
    """The levels of one hour, from pairs of a minute (since 1970) and the packed sums of that minute's events."""
    levels: Levels = {"": 0}
    for minute, packed in minutes:
        block = block_path(minute)
        levels[""] += packed
        levels[block] = levels.get(block, 0) + packed
        levels[minute_path(minute)] = packed
    return levels


def of_document(document: Mapping[str, Any]) -> Levels:
    """The levels that a stored document holds. Raises nothing: what is not a sum becomes `NOT_A_SUM`."""
    levels: Levels = {}
    _collect(document, "", levels)
    return {path: packed for path, packed in levels.items() if packed}


def _collect(document: Mapping[str, Any], path: str, levels: Levels) -> None:
    """Add to `levels` what `document`, which is found at `path`, and the documents inside it hold."""
    try:
        levels[path] = packed_sums.of_document(document)
    except packed_sums.NotASum:
        levels[path] = NOT_A_SUM
    for name, inner in document.items():
        if name in packed_sums.NAMES or (name == "_id" and not path):
            continue
        inner_path = f"{path}.{name}" if path else name
        if name not in _LEVELS or not isinstance(inner, dict):
            levels[inner_path] = NOT_A_SUM
            continue
        for number, part in inner.items():
            if isinstance(part, dict):
                _collect(part, f"{inner_path}.{number}", levels)
            else:
                levels[f"{inner_path}.{number}"] = NOT_A_SUM


def level_of(path: str, whole: str) -> str:
    """The level that a path belongs to: `block`, `minute`, `second` or `quarter`; `whole` for the empty path."""
    return next((_LEVELS[step] for step in reversed(path.split(".")) if step in _LEVELS), whole)


def as_document(identity: Document, levels: Levels) -> Document:
    """The document with this `_id` that holds `levels`."""
    document: Document = {"_id": identity}
    for path, packed in levels.items():
        part = document
        for step in path.split(".") if path else ():
            part = part.setdefault(step, {})
        part.update(packed_sums.as_fields(packed))
    return document
