"""Documents whose sums are not those of the raw events: told as findings, and kept for the repair."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scripts.audit.findings import Findings, Kind, iso_hour
from scripts.audit.reading import packed_sums as sums
from scripts.audit.sums import levels
from scripts.audit.sums.levels import NOT_A_SUM, Levels


@dataclass(frozen=True, slots=True)
class Difference:
    """One document of `rollups` or `totals`; `stored` is empty where it is missing, `expected` where it should be."""

    collection: str
    identity: dict[str, int]
    expected: Levels
    stored: Levels

    @property
    def partition(self) -> int:
        """The Kafka partition whose events the document sums up; -1 for replayed ones."""
        return self.identity["k"]

    @property
    def hour(self) -> int:
        """The hour, since 1970, that the document belongs to."""
        return self.identity["h"] if "h" in self.identity else self.identity["m"] // 60


def compare(
    collection: str,
    identity: dict[str, int],
    expected: Levels,
    stored: Levels,
    findings: Findings,
    differs: Callable[[Difference], None],
) -> None:
    """Note every level at which a document's sums are not those that the raw events ask for."""
    if expected == stored:
        return
    difference = Difference(collection, identity, expected, stored)
    for path in sorted({*expected, *stored}):
        if expected.get(path) != stored.get(path):
            _note(difference, path, findings)
    differs(difference)


def _note(difference: Difference, path: str, findings: Findings) -> None:
    level = levels.level_of(path)
    expected = sums.described(difference.expected.get(path))
    stored = difference.stored.get(path)
    found = "no sum of events" if stored == NOT_A_SUM else sums.described(stored)
    identity: dict[str, Any] = difference.identity
    whose = f"product {identity['p']}" if "p" in identity else "all products"
    place = f"{iso_hour(difference.hour)}, partition {difference.partition}, {path or 'the hour itself'}"
    findings.add(
        Kind.SUM_DIFFERS,
        f"{difference.collection} of {whose} in {place}: holds {found}, the raw events give {expected}",
        collection=difference.collection,
        level=level,
        partition=difference.partition,
        product=identity.get("p"),
        hour=difference.hour,
        path=path,
        expected=expected,
        found=found,
    )
