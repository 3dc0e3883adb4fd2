"""Compares what contestants reached. Pure: only arithmetic.

Absolute figures vary with the machine and the hour. So figures are compared within a round, in which all contestants
met the same machine; the ratios of the rounds are the result.
"""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

Rounds = Mapping[str, Sequence[T]]
"""What each contestant reached in each round, by the contestant's name."""


@dataclass(frozen=True)
class Spread:
    """Median and extremes of some figures."""

    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Return the spread of these values, of which there is at least one."""
        return cls(statistics.median(values), min(values), max(values))

    def text(self, form: str = "{:.2f}") -> str:
        """Return `median (lowest-highest)`, each written by `form`; only the median if all values are equal.

        For the values 1, 2 and 4 that is "2.00 (1.00-4.00)".
        """
        if self.lowest == self.highest:
            return form.format(self.median)
        return f"{form.format(self.median)} ({form.format(self.lowest)}-{form.format(self.highest)})"


def ratio(rounds: "Rounds[T]", above: str, below: str, figure: Callable[[T], float]) -> Spread:
    """Divide the figure of `above` by the figure of `below` in each round, and return the spread of these ratios.

    With rates of 400 and 100 in the first round, and of 100 and 25 in the second, both ratios are 4.
    """
    pairs = zip(rounds[above], rounds[below], strict=True)
    return Spread.of([figure(one) / figure(other) for one, other in pairs])


def spread(rounds: "Rounds[T]", name: str, figure: Callable[[T], float]) -> Spread:
    """Return the spread of one contestant's figure over the rounds."""
    return Spread.of([figure(one) for one in rounds[name]])


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that comes after the lowest `share` of all values, and is one of them.

    For the values 1 to 10 it is 6 with a share of 0.5, and 10 with 0.99.
    """
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
