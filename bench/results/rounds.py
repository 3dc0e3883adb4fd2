"""Lets contestants take turns, so that a slow moment of the machine meets all of them.

Each round begins with another contestant, so that none of them always runs after the same other one.
"""

from collections import deque
from collections.abc import Callable, Mapping
from typing import TypeVar

from rich.console import Console

T = TypeVar("T")

console = Console(stderr=True)


def alternate(
    contestants: Mapping[str, Callable[[], T]], rounds: int, describe: Callable[[T], str]
) -> dict[str, list[T]]:
    """Call every contestant once in each round; return what each call returned, by contestant, in the order of rounds.

    With contestants a, b and c, the rounds are abc, bca, cab. `describe` puts a result into a few words, which are
    printed to standard error for the person who waits.
    """
    order = deque(contestants)
    results: dict[str, list[T]] = {name: [] for name in contestants}
    for number in range(1, rounds + 1):
        for name in order:
            result = contestants[name]()
            results[name].append(result)
            console.print(f"  round {number} of {rounds}: {name}: {describe(result)}", highlight=False)
        order.rotate(-1)
    return results
