"""Contestants take turns, so that a slow moment of the machine meets all of them; each round begins with another."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from rich.console import Console

T = TypeVar("T")

console = Console(stderr=True)


def alternate(contestants: Mapping[str, Callable[[], T]], rounds: int, told: Callable[[T], str]) -> dict[str, list[T]]:
    """What each did in each round. `told` says it in a few words to whoever waits."""
    names = list(contestants)
    outcomes: dict[str, list[T]] = {name: [] for name in names}
    for number in range(rounds):
        for name in _rotated(names, number):
            outcome = contestants[name]()
            outcomes[name].append(outcome)
            console.print(f"  round {number + 1} of {rounds}: {name}: {told(outcome)}", highlight=False)
    return outcomes


def _rotated(names: Sequence[str], number: int) -> list[str]:
    first = number % len(names)
    return [*names[first:], *names[:first]]
