"""The products that may be among the first, so that an answer need not look at 100,000.

The first 500 are found once. Everything behind them has a place behind the *floor*, the place of the last of them. A
product whose sum grows beyond the floor joins them. Sums also shrink, as a window moves on; the answer can be taken
from the shortlist as long as the products of the answer are all before the floor, else the first 500 are found anew.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

MOST: Final = 500
"""Products on a new shortlist: five times as many as the longest answer has. With half as many it is made anew more
often, which looks at all products (60 ms for 100,000 of them); with twice as many each answer sorts twice as many, for
up to 3 ms."""


Candidate = tuple[int, int, int]
"""The negative highest key that a product can have, its id and its number: in order, the first comes first."""


class Place(NamedTuple):
    """Where a product stands. The first place is the least; of products with equal sums that with the lower id."""

    negative_key: int
    product: int


class Shortlist:
    """Numbers of products. `floor` is None while all products that are ranked at all are members."""

    def __init__(self) -> None:
        self.members: set[int] = set()
        self.floor: Place | None = None

    def note(self, key: int, product: int, number: int) -> None:
        """Take a product up if its key, which may have changed, places it before the floor."""
        if key and (self.floor is None or (-key, product) <= self.floor):
            self.members.add(number)

    def cut(self, first: Sequence[Candidate]) -> None:
        """Keep these members alone, which are before all others, in order.

        Where sums shrank, members are behind the floor, and products that are no members may be before them: so the
        floor is never moved back.
        """
        last = Place(*first[-1][:2])
        self.floor = last if self.floor is None else min(last, self.floor)
        self.members = {number for _, _, number in first}

    def reaches(self, place: Place | None) -> bool:
        """Whether everything up to this place is certainly among the members; None stands for the last of all."""
        return self.floor is None or (place is not None and place <= self.floor)
