"""Sales of the last hour, exact to the second."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple, Self

from cachetools import LRUCache

from api.reads.database import MongoReader
from api.reads.freshness import Freshness
from api.reads.queries import BY_ID, known_products, sales_by_product, sales_by_second, sales_of_all
from api.reads.window import Window
from shared.documents import AMOUNT_DECIMALS, PRODUCTS, ROLLUPS, TOTALS, scaled

KNOWN_PRODUCTS = 100_000
CUT_MINUTES = 20_000
"""Entries of the caches: megabytes at the most."""


class Sales(NamedTuple):
    """What was sold in the last hour."""

    total: int
    """Millionths of the currency unit."""
    as_of: str | None
    """Everything that happened until then, RFC 3339, is in it; None when unknown."""


@dataclass(frozen=True, slots=True)
class _CutMinute:
    """One product's minute as its raw events were read."""

    sales: int
    remaining: Sequence[int]
    """What was sold from each of its seconds on to its end: added up once, asked for by every batch."""

    @classmethod
    def of(cls, sales: int, amounts: Mapping[int, int], minute: int) -> Self:
        """`amounts` by second since 1970; what has none counts nothing."""
        backwards = accumulate(amounts.get(minute * 60 + second, 0) for second in reversed(range(60)))
        return cls(sales, tuple(backwards)[::-1])

    def since(self, second: int) -> int:
        return self.remaining[second % 60]


class SalesReader:
    """Reads sales from the rollups; of the minute that the window starts in, from the raw events.

    Raw events are only ever added, so what was read of a minute serves until its rollup counts another number.
    `clock` gives UTC milliseconds.
    """

    def __init__(self, mongo: MongoReader, freshness: Freshness, clock: Callable[[], int]) -> None:
        self._mongo = mongo
        self._freshness = freshness
        self._clock = clock
        self._known: LRUCache[int, bool] = LRUCache(KNOWN_PRODUCTS)
        self._minutes: LRUCache[tuple[int, int], _CutMinute] = LRUCache(CUT_MINUTES)

    async def of_products(self, products: Sequence[int]) -> dict[int, Sales | None]:
        """Each product's sales, None for one that never had an event. Raises StoreUnavailable."""
        as_of = await self._freshness.as_of()
        window = Window.at(self._clock())
        totals: dict[int, int] = defaultdict(int)
        counts: dict[int, int] = defaultdict(int)
        for row in await self._mongo.find("sales", ROLLUPS, sales_by_product(products, window)):
            product = row["p"]
            totals[product] += scaled(row.get("amount", 0), AMOUNT_DECIMALS)
            if cut_sales := row.get("cut_sales"):
                counts[product] += cut_sales
        for product, amount in (await self._cut_amounts(counts, window)).items():
            totals[product] += amount
        unknown = await self._unknown_among([product for product in products if product not in totals])
        return {p: None if p in unknown else Sales(totals.get(p, 0), as_of) for p in products}

    async def of_all(self) -> Sales:
        """The sales of all products. Raises StoreUnavailable."""
        as_of = await self._freshness.as_of()
        rows = await self._mongo.aggregate("total sales", TOTALS, sales_of_all(Window.at(self._clock())), BY_ID)
        return Sales(sum(scaled(row["amount"], AMOUNT_DECIMALS) for row in rows), as_of)

    async def _cut_amounts(self, counts: Mapping[int, int], window: Window) -> dict[int, int]:
        """What counts of the cut minute, for the products whose number of sales in that minute is given."""
        amounts: dict[int, int] = {}
        outdated: list[int] = []
        for product, sales in counts.items():
            entry = self._minutes.get((product, window.cut_minute))
            if entry is not None and entry.sales == sales:
                amounts[product] = entry.since(window.cut)
            else:
                outdated.append(product)
        for product, entry in (await self._read_minutes(outdated, window.cut_minute)).items():
            amounts[product] = entry.since(window.cut)
        return amounts

    async def _read_minutes(self, products: Sequence[int], minute: int) -> dict[int, _CutMinute]:
        if not products:
            return {}
        rows = await self._mongo.aggregate("cut minute", *sales_by_second(products, minute))
        counts = dict.fromkeys(products, 0)
        amounts: dict[int, dict[int, int]] = {product: {} for product in products}
        for row in rows:
            product, second = row["_id"]["p"], row["_id"]["s"]
            counts[product] += row["sales"]
            amounts[product][second] = scaled(row["amount"], AMOUNT_DECIMALS)
        entries = {product: _CutMinute.of(counts[product], amounts[product], minute) for product in products}
        for product, entry in entries.items():
            self._minutes[product, minute] = entry
        return entries

    async def _unknown_among(self, products: Iterable[int]) -> set[int]:
        """Of products without a rollup in the window, those that never had an event."""
        doubtful = {product for product in products if not self._known.get(product)}
        if doubtful:
            for row in await self._mongo.find("known products", PRODUCTS, known_products(doubtful)):
                self._known[row["p"]] = True
                doubtful.discard(row["p"])
        return doubtful
