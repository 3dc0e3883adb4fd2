"""Who the first products are, by the digits that the other routes give."""

from collections.abc import Sequence
from typing import Final

from api.reads.top.cut_seconds import CutSeconds
from api.reads.top.shortlist import MOST, Candidate, Place
from api.reads.top.view import NotReady, View

_SPARE: Final = 10
"""Products that are looked at beyond as many as are asked for: seconds that have left the window put some behind their
neighbours. With none, most answers would need a second question about raw events."""
_LENGTHS: Final = (MOST, 4 * MOST)
"""Lengths of a new shortlist, tried one after the other. The longer one is for a window that begins in a minute in
which thousands of products had all that they have in the window; a still longer one would need more raw events than
`_MOST_READ`, and half of it is not much longer than the usual one."""
_MOST_READ: Final = 2_000
"""Products whose raw events of the cut minute one answer may need. It takes 0.4 s for the first request of a minute.
Above it there is no answer until the window has left that minute. With half of it that happens sooner; with twice, one
request may keep MongoDB busy for a second."""


class Ranking:
    """Finds the first products of a board. Only the seconds of the cut minute are not on the board: `cut` has them."""

    def __init__(self, cut: CutSeconds, lengths: Sequence[int] = _LENGTHS) -> None:
        self._cut = cut
        usual, *longer = lengths
        self._tried = ((usual, False), (usual, True), *((length, True) for length in longer))
        """How many products the shortlist is to have, and whether it is made anew."""

    async def of_all(self, view: View, limit: int, least: int) -> list[Candidate]:
        """The first `limit` products, each with its negative key, its id and its sum. By rating, only those with
        `least` ratings or more.

        Raises NotReady where too many raw events are needed; DatabaseUnavailable, Unsettled.
        """
        board = view.board
        for most, anew in self._tried:
            candidates, shortlist = await board.candidates(least, most, anew)
            first = await self._first_of(view, candidates, limit, least)
            if shortlist.reaches(Place(*first[-1][:2]) if len(first) == limit else None):
                return first
        raise NotReady

    async def among(self, view: View, products: frozenset[int], limit: int, least: int) -> list[Candidate]:
        """The first of these products. Raises the same."""
        return await self._first_of(view, await view.board.candidates_among(products, least), limit, least)

    async def _first_of(self, view: View, candidates: Sequence[Candidate], limit: int, least: int) -> list[Candidate]:
        """The first of the candidates.

        They are looked at in the order of the best places that they can have, until the last of the answer is before
        all that are left.
        """
        first: list[Candidate] = []
        looked_at = uncertain = 0
        while looked_at < len(candidates):
            if len(first) == limit and first[-1][:2] <= candidates[looked_at][:2]:
                break
            part = candidates[looked_at : looked_at + limit + _SPARE]
            looked_at += len(part)
            uncertain += sum(number in view.board.cut_sums for _, _, number in part)
            if uncertain > _MOST_READ and view.begin % 60:
                raise NotReady
            first = sorted(first + await self._exact(view, part, least))[:limit]
        return first

    async def _exact(self, view: View, candidates: Sequence[Candidate], least: int) -> list[Candidate]:
        """The candidates with their keys and sums as they are; those that are not ranked are left out."""
        board, numbers = view.board, {product: number for _, product, number in candidates}
        gone: dict[int, int] = {}
        if view.begin % 60:
            since = await self._cut.since(board, view.begin, numbers)
            gone = {product: board.cut_sums[numbers[product]] - left for product, left in since.items()}
        totals = {product: board.sum_of(number) - gone.get(product, 0) for product, number in numbers.items()}
        keyed = [(board.key_of(total, least), product, total) for product, total in totals.items()]
        return [(-key, product, total) for key, product, total in keyed if key]
