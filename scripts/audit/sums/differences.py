"""A document whose sums are not those of the raw events: reported as findings, and kept for the repair."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scripts.audit.findings import Findings, Kind, iso_day, iso_hour
from scripts.audit.reading import packed_sums
from scripts.audit.sums import levels
from scripts.audit.sums.levels import NOT_A_SUM, Levels


@dataclass(frozen=True, slots=True)
class Difference:
    """One document of sums at the moment at which it was compared.

    `expected` is what the raw events give, `stored` what the document holds. `stored` is empty where the document is
    missing, `expected` where there should be none. `of_sealed_day` says that the document shares a day's sums with the
    day's sealed document, or is that one: `expected` is then what the others of the day leave of the raw events' sums.
    """

    collection: str
    identity: dict[str, int]
    expected: Levels
    stored: Levels
    of_sealed_day: bool = False

    @property
    def partition(self) -> int:
        """The Kafka partition whose events the document sums up; -1 for replayed events."""
        return self.identity["k"]

    @property
    def hour(self) -> int | None:
        """The hour, since 1970, that the document belongs to; None for that of a whole day."""
        if "m" in self.identity:
            return self.identity["m"] // 60
        return self.identity.get("h")

    @property
    def day(self) -> int:
        """The day, since 1970, that the document belongs to."""
        return self.identity["d"] if self.hour is None else self.hour // 24

    @property
    def sums_of_day(self) -> tuple[bool, int | None, int, int]:
        """Which sums this document shares with others of its day: of products or not, product, day and partition."""
        return "p" in self.identity, self.identity.get("p"), self.day, self.partition


Compare = Callable[[Difference], None]
"""Is called for each document that is compared, right or wrong."""


def compare_document(difference: Difference, findings: Findings, differs: Callable[[Difference], None]) -> None:
    """Compare one document. Where it is wrong, add a finding for each path that differs, and call `differs` once."""
    expected, stored = difference.expected, difference.stored
    if expected == stored:
        return
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
    hour = difference.hour
    when = iso_day(difference.day) if hour is None else iso_hour(hour)
    where = f"{when}, partition {difference.partition}, {path or 'the document itself'}"
    whose = "what the raw events give beside the other documents of this sealed day is"
    findings.add(
        Kind.SUM_DIFFERS,
        f"{difference.collection} of {of_what}, {where}: the document holds {found}, "
        f"{whose if difference.of_sealed_day else 'the raw events give'} {expected}",
        collection=difference.collection,
        level=levels.level_of(path, "day" if hour is None else "hour"),
        partition=difference.partition,
        product=identity.get("p"),
        hour=hour,
        day=difference.day if hour is None else None,
        path=path,
        expected=expected,
        found=found,
    )
