"""Absolute figures vary with the machine and the hour; ratios within a round are the result. Pure."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

Rounds = Mapping[str, Sequence[T]]
"""What each contestant did in each round, by its name."""


@dataclass(frozen=True)
class Spread:
    """Median and extremes of some figures."""

    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """At least one value."""
        return cls(statistics.median(values), min(values), max(values))

    def text(self, form: str = "{:.2f}") -> str:
        """`median (lowest-highest)`, each as `form` says; one value alone when there are no others."""
        if self.lowest == self.highest:
            return form.format(self.median)
        return f"{form.format(self.median)} ({form.format(self.lowest)}-{form.format(self.highest)})"


def ratio(rounds: "Rounds[T]", above: str, below: str, figure: Callable[[T], float]) -> Spread:
    """One contestant's figure by another's, round by round."""
    pairs = zip(rounds[above], rounds[below], strict=True)
    return Spread.of([figure(one) / figure(other) for one, other in pairs])


def spread(rounds: "Rounds[T]", name: str, figure: Callable[[T], float]) -> Spread:
    """One contestant's figure over the rounds."""
    return Spread.of([figure(one) for one in rounds[name]])


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
