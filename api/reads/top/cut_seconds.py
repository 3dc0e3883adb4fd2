"""The seconds of the cut minute, in which a window begins, from the raw events of the products that need them."""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

from cachetools import LRUCache

from api.reads.database import MongoReader
from api.reads.spans.pipelines import seconds_of
from api.reads.sums import Sums, sums_of
from api.reads.top.board import Board
from api.reads.top.measures import Measure, rating_sum

_KEPT: Final = 5_000
"""Minutes of a product that an instance remembers, each for as long as a window's begin crosses it; full, that takes
12 MB. With half as many, tops by four measures over two windows may read some again at each answer."""
MOST_AT_ONCE: Final = 200
"""Products of one query. With half of it, an answer of 100 may take two; twice as many take MongoDB 40 ms at once."""


class Unsettled(Exception):
    """A product's raw events are not those that the board has added up: some were stored in between. The next round
    brings the board up to them."""


class CutSeconds:
    """Reads what products have from a second of their cut minute on, and remembers their minutes."""

    def __init__(self, mongo: MongoReader) -> None:
        self._mongo = mongo
        self._kept: LRUCache[tuple[object, int, int], Sequence[int]] = LRUCache(_KEPT)
        """By board, product and minute: for each second of it, the sum from there to the minute's end."""

    async def since(self, board: Board, second: int, numbers: dict[int, int]) -> dict[int, int]:
        """The sums from `second` (since 1970) to the end of the board's cut minute, of products given with their
        numbers; of those that have a sum in that minute. Raises DatabaseUnavailable and Unsettled.

        A minute is read again if what is remembered is not what the board has: a late event was added.
        """
        minute = board.first_minute
        whole = {product: total for product, number in numbers.items() if (total := board.cut_sums.get(number, 0))}
        outdated = [
            product
            for product, total in whole.items()
            if self._kept.get((board.identity, product, minute), (None,))[0] != total
        ]
        for start in range(0, len(outdated), MOST_AT_ONCE):
            await self._read(board, outdated[start : start + MOST_AT_ONCE])
        since: dict[int, int] = {}
        for product, total in whole.items():
            remaining = self._kept.get((board.identity, product, minute))
            if remaining is None or remaining[0] != total:
                raise Unsettled
            since[product] = remaining[second % 60]
        return since

    async def _read(self, board: Board, products: Sequence[int]) -> None:
        minute = board.first_minute
        seconds: dict[int, list[int]] = {product: [0] * 60 for product in products}
        for row in await self._mongo.aggregate(
            "top: cut minute", *seconds_of([(product, minute) for product in products])
        ):
            seconds[row["_id"]["p"]][row["_id"]["s"] % 60] = _sum(board.measure, sums_of(row))
        for product, by_second in seconds.items():
            self._kept[board.identity, product, minute] = tuple(accumulate(reversed(by_second)))[::-1]


def _sum(measure: Measure, sums: Sums) -> int:
    if measure is Measure.RATING:
        return rating_sum(sums.ratings, sums.rating_sum)
    total: int = getattr(sums, measure.value)
    return total
