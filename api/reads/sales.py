"""Sales of the last hour, exact to the second and to the digit."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple, Self

from cachetools import LRUCache

from api.reads.database import MongoReader
from api.reads.freshness import Freshness
from api.reads.known import KnownProducts
from api.reads.queries import BY_ID, sales_by_product, sales_by_second, sales_of_all
from api.reads.window import Window
from shared.decimals import scaled
from shared.documents import AMOUNT_DECIMALS, ROLLUPS, TOTALS

CUT_MINUTES_KEPT = 20_000
"""Minutes of a product whose raw events an instance remembers; full, that takes 35 to 57 MB. A minute is of use for 60
seconds, while the window's start crosses it, so this serves 20,000 products that are asked for and sold in each minute.
With half as many, the raw events of further products are read at each query; twice as many take up to 114 MB."""


class Sales(NamedTuple):
    """What was sold in the last hour."""

    total: int
    """Millionths of the currency unit: 3000000000 is 3000."""
    as_of: str | None
    """The time up to which the total is complete, in RFC 3339. None when it is unknown."""


@dataclass(frozen=True, slots=True)
class _CutMinute:
    """One product's minute, as its raw events were read."""

    sales: int
    """How many sales the minute had when it was read."""
    remaining: Sequence[int]
    """For each of the 60 seconds, the amount sold from that second to the minute's end, in millionths.

    Added up once because every query until the window has left the minute asks for one of them.
    """

    @classmethod
    def of(cls, sales: int, amounts: Mapping[int, int], minute: int) -> Self:
        """`amounts` is what was sold in each second since 1970; a second that is missing had no sale.

        Sales of 5 in second 10 and of 7 in second 30 give `remaining` 12 for the seconds 0 … 10, 7 for 11 … 30, and 0
        for 31 … 59.
        """
        backwards = accumulate(amounts.get(minute * 60 + second, 0) for second in reversed(range(60)))
        return cls(sales, tuple(backwards)[::-1])

    def since(self, second: int) -> int:
        """The amount sold from `second` (since 1970) to the minute's end."""
        return self.remaining[second % 60]


class SalesReader:
    """Reads sales from the rollups, and from the raw events of the minute that the window starts in.

    The raw events of a minute are kept in memory. They are only ever added to, so what was read serves as long as the
    minute's rollup counts the same number of sales. `clock` gives UTC milliseconds.
    """

    def __init__(self, mongo: MongoReader, freshness: Freshness, clock: Callable[[], int]) -> None:
        self._mongo = mongo
        self._freshness = freshness
        self._clock = clock
        self._known = KnownProducts()
        self._minutes: LRUCache[tuple[int, int], _CutMinute] = LRUCache(CUT_MINUTES_KEPT)
        """By product and minute since 1970."""

    async def of_products(self, products: Sequence[int]) -> dict[int, Sales | None]:
        """Each product's sales; None for a product that never had an event. Raises DatabaseUnavailable, SchemaNewer."""
        as_of = await self._freshness.as_of()
        window = Window.at(self._clock())
        totals: dict[int, int] = defaultdict(int)
        cut_sales: dict[int, int] = defaultdict(int)
        # A row is one hour of a product in one partition.
        for row in await self._mongo.find("sales", ROLLUPS, sales_by_product(products, window)):
            product = row["p"]
            totals[product] += scaled(row.get("amount", 0), AMOUNT_DECIMALS)
            if sales := row.get("cut_sales"):
                cut_sales[product] += sales
        for product, amount in (await self._cut_amounts(cut_sales, window)).items():
            totals[product] += amount
        doubtful = [product for product in products if product not in totals]
        unknown = await self._known.unknown_among(self._mongo, doubtful)
        return {p: None if p in unknown else Sales(totals.get(p, 0), as_of) for p in products}

    async def of_all(self) -> Sales:
        """The sales of all products together. Raises DatabaseUnavailable, SchemaNewer."""
        as_of = await self._freshness.as_of()
        rows = await self._mongo.aggregate("total sales", TOTALS, sales_of_all(Window.at(self._clock())), BY_ID)
        return Sales(sum(scaled(row["amount"], AMOUNT_DECIMALS) for row in rows), as_of)

    async def _cut_amounts(self, cut_sales: Mapping[int, int], window: Window) -> dict[int, int]:
        """What each product sold from the window's start to the end of the cut minute.

        `cut_sales` is the number of sales that the rollups count in that minute, for the products that have any.
        """
        amounts: dict[int, int] = {}
        outdated: list[int] = []
        for product, sales in cut_sales.items():
            kept = self._minutes.get((product, window.cut_minute))
            if kept is not None and kept.sales == sales:
                amounts[product] = kept.since(window.cut)
            else:
                outdated.append(product)
        for product, read in (await self._read_minutes(outdated, window.cut_minute)).items():
            amounts[product] = read.since(window.cut)
        return amounts

    async def _read_minutes(self, products: Sequence[int], minute: int) -> dict[int, _CutMinute]:
        """These products' minutes from the raw events, which are kept from then on."""
        if not products:
            return {}
        rows = await self._mongo.aggregate("cut minute", *sales_by_second(products, minute))
        sales = dict.fromkeys(products, 0)
        amounts: dict[int, dict[int, int]] = {product: {} for product in products}
        for row in rows:
            product, second = row["_id"]["p"], row["_id"]["s"]
            sales[product] += row["sales"]
            amounts[product][second] = scaled(row["amount"], AMOUNT_DECIMALS)
        minutes = {product: _CutMinute.of(sales[product], amounts[product], minute) for product in products}
        for product, read in minutes.items():
            self._minutes[product, minute] = read
        return minutes
