"""A document whose sums are not those of the raw events: reported as findings, and kept for the repair."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scripts.audit.findings import Findings, Kind, iso_hour
from scripts.audit.reading import packed_sums
from scripts.audit.sums import levels
from scripts.audit.sums.levels import NOT_A_SUM, Levels


@dataclass(frozen=True, slots=True)
class Difference:
    """One document of `rollups` or `totals` at the moment at which it was compared.

    `expected` is what the raw events give, `stored` what the document holds. `stored` is empty where the document is
    missing, `expected` where there should be none.
    """

    collection: str
    identity: dict[str, int]
    expected: Levels
    stored: Levels

    @property
    def partition(self) -> int:
        """The Kafka partition whose events the document sums up; -1 for replayed events."""
        return self.identity["k"]

    @property
    def hour(self) -> int:
        """The hour, since 1970, that the document belongs to."""
        return self.identity["h"] if "h" in self.identity else self.identity["m"] // 60


def compare_document(
    collection: str,
    identity: dict[str, int],
    expected: Levels,
    stored: Levels,
    findings: Findings,
    differs: Callable[[Difference], None],
) -> None:
    """Compare one document. Where it is wrong, add a finding for each path that differs, and call `differs` once."""
    if expected == stored:
        return
    difference = Difference(collection, identity, expected, stored)
    for path in sorted({*expected, *stored}):
        if expected.get(path) != stored.get(path):
            _report(difference, path, findings)
    differs(difference)


def _report(difference: Difference, path: str, findings: Findings) -> None:
    """Add the finding for one path of a document."""
    expected = packed_sums.described(difference.expected.get(path))
    stored = difference.stored.get(path)
    found = "no sum of events" if stored == NOT_A_SUM else packed_sums.described(stored)
    identity: dict[str, Any] = difference.identity
    of_what = f"product {identity['p']}" if "p" in identity else "all products"
    where = f"{iso_hour(difference.hour)}, partition {difference.partition}, {path or 'the document itself'}"
    findings.add(
        Kind.SUM_DIFFERS,
        f"{difference.collection} of {of_what}, {where}: the document holds {found}, the raw events give {expected}",
        collection=difference.collection,
        level=levels.level_of(path),
        partition=difference.partition,
        product=identity.get("p"),
        hour=difference.hour,
        path=path,
        expected=expected,
        found=found,
    )
