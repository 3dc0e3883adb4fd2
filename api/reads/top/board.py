"""A board: the sums of one measure over one window, of every product, and who may be among the first."""

import asyncio
from collections.abc import Collection, Hashable, Iterable, Iterator
from itertools import islice
from typing import Any, Final, TypeVar

from api.reads.top.measures import Measure, average_key, highest_average_key, ratings_of
from api.reads.top.minute import ROWS_AT_ONCE, MinuteSums
from api.reads.top.questions import Mark
from api.reads.top.shortlist import Candidate, Shortlist
from api.reads.top.source import Row

_SHORTLISTS: Final = 4
"""Shortlists of a board at a time: one for each `min_ratings` that is asked for. A fifth takes the place of the oldest,
so a client that asks for ever new ones costs a look at all products each; with half as many, two dashboards do."""
_UNSORTED: Final = 500
"""Products that wait to be sorted among the first ones. Sorting them takes 0.5 ms, and with twice as many twice that;
with half as many it is done twice as often."""

T = TypeVar("T")


class ProductNumbers:
    """Numbers the products from 0 on, in the order in which they are met, for the boards of a process."""

    def __init__(self) -> None:
        self.products: list[int] = []
        self._numbers: dict[int, int] = {}

    def of(self, product: int) -> int:
        """The product's number."""
        number = self._numbers.get(product)
        if number is None:
            number = self._numbers[product] = len(self.products)
            self.products.append(product)
        return number

    def among(self, products: Iterable[int]) -> list[int]:
        """The numbers of those products that have one."""
        return [self._numbers[product] for product in products if product in self._numbers]


class Board:
    """Sums from the minute `first_minute` (since 1970) on, without an upper end.

    If it `moves`, minutes leave it one by one: it is the board of a window that begins at any second, and
    `first_minute` is the one in which the window begins, the cut minute. Its sums have all of the cut minute;
    `cut_sums` tells how much that is. `positions` says of each partition up to where its batches are in the sums.

    Methods that are coroutines let the event loop serve requests in between; who calls them has the board for itself.
    """

    def __init__(self, measure: Measure, first_minute: int, moves: bool, numbers: ProductNumbers) -> None:
        self.measure = measure
        self._of_ratings = measure is Measure.RATING
        self.first_minute = first_minute
        self.moves = moves
        self.positions: dict[int, Mark] = {}
        self.cut_sums: dict[int, int] = {}
        self.identity: Final = object()
        """Stands for the board where something is remembered of it, so that nothing read for another one is used."""
        self.answers: dict[Hashable, Any] = {}
        """Answers that were made of the board as it is; who makes one keeps it here."""
        self._numbers = numbers
        self._sums: list[int] = []
        self._minutes: dict[int, MinuteSums] = {}
        """The minutes after the cut minute, of a board that moves."""
        self._shortlists: dict[int, Shortlist] = {}
        """By the least number of ratings."""

    def sum_of(self, number: int) -> int:
        """A product's sum, with all of the cut minute."""
        return self._sums[number] if number < len(self._sums) else 0

    def key_of(self, total: int, least: int) -> int:
        """The key of a product with this sum; 0 where it has fewer than `least` ratings, if the board is of ratings."""
        if self.measure is not Measure.RATING:
            return total
        return average_key(total) if ratings_of(total)[0] >= least else 0

    async def add(self, rows: Iterable[Row]) -> None:
        """Add what one batch added. What lies before the first minute is left out."""
        self.answers.clear()
        for part in _parts(rows):
            self.add_some(part)
            await asyncio.sleep(0)

    def add_some(self, rows: Iterable[Row]) -> None:
        """Add rows of product, minute and sum."""
        for product, minute, added in rows:
            if not added or minute < self.first_minute:
                continue
            number = self._numbers.of(product)
            if number >= len(self._sums):
                self._sums.extend([0] * (len(self._numbers.products) - len(self._sums)))
            self._sums[number] += added
            if self.moves:
                self._add_to_minute(minute, number, added)
            self._note(number)

    async def pack(self, before: int) -> None:
        """Pack the minutes before this one, to which hardly anything is added any more."""
        for sums in [sums for minute, sums in self._minutes.items() if minute < before]:
            await sums.pack()

    async def advance(self, first_minute: int) -> None:
        """Let the minutes before `first_minute` leave the board."""
        while self.first_minute < first_minute:
            self.answers.clear()
            left, self.cut_sums = self.cut_sums, {}
            self.first_minute += 1
            while left:
                # Taken out one by one: to free 100,000 of them at once would take as long as a slice may.
                for number, gone in (left.popitem() for _ in range(min(ROWS_AT_ONCE, len(left)))):
                    self._sums[number] -= gone
                    if self._of_ratings:
                        self._note(number)  # an average may rise when ratings leave
                await asyncio.sleep(0)
            if entering := self._minutes.pop(self.first_minute, None):
                self.cut_sums = await entering.added_up()
            if self._of_ratings:
                await self._note_all(self.cut_sums)  # or when it becomes uncertain whether they count

    async def candidates(self, least: int, most: int, anew: bool) -> tuple[list[Candidate], Shortlist]:
        """The products that may be among the first, in order of the best places that they can have; all others are
        behind the shortlist's floor. A new shortlist has `most` products; `anew` makes one although there is one."""
        shortlist = self._shortlists.get(least)
        if shortlist is None or anew:
            shortlist, found = Shortlist(), await self._first(range(len(self._sums)), least, most)
            while len(self._shortlists) >= _SHORTLISTS:
                del self._shortlists[next(iter(self._shortlists))]
            self._shortlists[least], is_full = shortlist, len(found) == most
            shortlist.members = {number for _, _, number in found}
        else:
            found = await self._first(shortlist.members, least, 2 * most)
            is_full = len(found) == 2 * most
        if is_full:
            del found[most:]
            shortlist.cut(found)
        return found, shortlist

    async def candidates_among(self, products: Collection[int], least: int) -> list[Candidate]:
        """These products, in order of the best places that they can have."""
        return await self._first(self._numbers.among(products), least, len(products))

    async def _first(self, numbers: Iterable[int], least: int, most: int) -> list[Candidate]:
        """The first `most` of these products, in order, of those that are ranked."""
        products, kept, worst = self._numbers.products, list[Candidate](), 1
        for part in _parts(numbers):
            for number in part:
                key = self._highest_key(number, least)
                if key >= worst:
                    kept.append((-key, products[number], number))
            if len(kept) > most + _UNSORTED:
                kept = sorted(kept)[:most]
                worst = -kept[-1][0]  # whoever has a lower key is behind those that are kept
            await asyncio.sleep(0)
        return sorted(kept)[:most]

    def _highest_key(self, number: int, least: int) -> int:
        """The highest key that a product can have, whichever seconds of the cut minute count; 0 if it is not ranked."""
        total = self._sums[number] if number < len(self._sums) else 0
        if not self._of_ratings:
            return total
        if ratings_of(total)[0] < least:
            return 0
        return highest_average_key(total, self.cut_sums.get(number, 0))

    def _add_to_minute(self, minute: int, number: int, added: int) -> None:
        if minute == self.first_minute:
            self.cut_sums[number] = self.cut_sums.get(number, 0) + added
            return
        sums = self._minutes.get(minute)
        if sums is None:
            sums = self._minutes[minute] = MinuteSums()
        sums.add(number, added)

    def _note(self, number: int) -> None:
        for least, shortlist in self._shortlists.items():
            shortlist.note(self._highest_key(number, least), self._numbers.products[number], number)

    async def _note_all(self, numbers: Iterable[int]) -> None:
        for part in _parts(numbers):
            for number in part:
                self._note(number)
            await asyncio.sleep(0)


def _parts(everything: Iterable[T]) -> Iterator[list[T]]:
    """Parts that are small enough to be handled at once."""
    left = iter(everything)
    while part := list(islice(left, ROWS_AT_ONCE)):
        yield part
