"""The first products of a board, against all events sorted: late events, borders of minutes and seconds, ties."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from api.reads.top.board import Board, ProductNumbers
from api.reads.top.cut_seconds import CutSeconds
from api.reads.top.measures import Measure, rating_sum, ratings_of
from api.reads.top.ranking import Ranking
from api.reads.top.view import View

NOW = 1_796_032_800 + 17
"""17 s after a full minute."""
LENGTH = 900


@dataclass(frozen=True)
class Happened:
    """A sale, or a rating where `rating` is given, of a product in a second since 1970."""

    product: int
    second: int
    amount: int = 0
    rating: int | None = None

    def sum_of(self, measure: Measure) -> int:
        if self.rating is not None:
            return rating_sum(1, self.rating) if measure is Measure.RATING else 0
        return {Measure.AMOUNT: self.amount, Measure.UNITS: 2, Measure.SALES: 1, Measure.RATING: 0}[measure]


class Remembered(CutSeconds):
    """Reads seconds from a list of events in place of MongoDB."""

    def __init__(self, measure: Measure, events: Sequence[Happened]) -> None:
        self._measure = measure
        self._events = events

    async def since(self, board: Board, second: int, numbers: dict[int, int]) -> dict[int, int]:
        since = {product: 0 for product, number in numbers.items() if board.cut_sums.get(number)}
        for event in self._events:
            if event.product in since and second <= event.second < (board.first_minute + 1) * 60:
                since[event.product] += event.sum_of(self._measure)
        return since


def expected(events: Sequence[Happened], measure: Measure, begin: int, limit: int, least: int) -> list[tuple[int, int]]:
    """Products and their sums, by the definition."""
    sums: dict[int, int] = {}
    for event in events:
        if event.second >= begin:
            sums[event.product] = sums.get(event.product, 0) + event.sum_of(measure)

    def place(product: int) -> tuple[Fraction, int]:
        ratings, total = ratings_of(sums[product])
        return (-Fraction(total, ratings) if measure is Measure.RATING else Fraction(-sums[product])), product

    ranked = [product for product, total in sums.items() if total]
    if measure is Measure.RATING:
        ranked = [product for product in ranked if ratings_of(sums[product])[0] >= least]
    return [(product, sums[product]) for product in sorted(ranked, key=place)[:limit]]


@dataclass
class Followed:
    """A board that gets events in batches while time passes, and a ranking with short shortlists."""

    measure: Measure
    lengths: tuple[int, ...] = (2, 100)
    now: int = NOW
    events: list[Happened] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.board = self.new_board()
        self.ranking = Ranking(Remembered(self.measure, self.events), self.lengths)

    def new_board(self) -> Board:
        return Board(self.measure, (self.now - LENGTH) // 60, moves=True, numbers=ProductNumbers())

    async def add(self, events: Sequence[Happened]) -> None:
        self.events += events
        await self.board.add([(event.product, event.second // 60, event.sum_of(self.measure)) for event in events])

    async def pass_time(self, seconds: int) -> None:
        self.now += seconds
        await self.board.pack(self.now // 60 - 1)
        await self.board.advance((self.now - LENGTH) // 60)

    async def restart(self) -> None:
        """What a process does that has just started: all sums are read again."""
        self.board, known = self.new_board(), list(self.events)
        self.events.clear()
        await self.add(known)

    async def first(self, limit: int, least: int, among: frozenset[int] | None = None) -> list[tuple[int, int]]:
        view = View(self.board, self.now - LENGTH, self.now, None)
        if among is None:
            found = await self.ranking.of_all(view, limit, least)
        else:
            found = await self.ranking.among(view, among, limit, least)
        return [(product, total) for _, product, total in found]

    def wanted(self, limit: int, least: int, among: frozenset[int] | None = None) -> list[tuple[int, int]]:
        events = [event for event in self.events if among is None or event.product in among]
        return expected(events, self.measure, self.now - LENGTH, limit, least)


AGES = st.sampled_from([-70, 0, 16, 17, 18, 30, 840, 883, 899, 900, 901, 930, 959, 960, 961]) | st.integers(-300, 1000)
EVENTS = st.lists(
    st.tuples(st.integers(0, 6), AGES, st.sampled_from([0, 1, 5, 10**24 - 1]), st.none() | st.integers(0, 3)),
    min_size=1,
    max_size=8,
)
STEPS = st.lists(EVENTS | st.integers(1, 200) | st.just("restart"), min_size=1, max_size=8)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(Measure), STEPS, st.integers(1, 4), st.integers(1, 2))
def test_tops_are_what_sorting_all_events_gives(
    measure: Measure, steps: list[list[tuple[int, int, int, int | None]] | int | str], limit: int, least: int
) -> None:
    async def scenario() -> None:
        followed = Followed(measure)
        for step in steps:
            if isinstance(step, int):
                await followed.pass_time(step)
            elif isinstance(step, str):
                await followed.restart()
            else:
                await followed.add([
                    Happened(product, followed.now - age, amount, None if rating is None else rating * 150)
                    for product, age, amount, rating in step
                ])  # fmt: skip
            for among in (None, frozenset({1, 2, 9})):
                assert await followed.first(limit, least, among) == followed.wanted(limit, least, among)

    asyncio.run(scenario())


def test_an_average_that_rises_as_ratings_leave_the_window_is_found() -> None:
    async def scenario() -> None:
        followed = Followed(Measure.RATING)
        worthless = Happened(1, followed.now - LENGTH - 5, rating=0)
        await followed.add([worthless, Happened(1, followed.now, rating=500)])
        await followed.add([Happened(product, followed.now, rating=400) for product in (2, 3, 4)])
        assert followed.board.first_minute == worthless.second // 60
        assert await followed.first(1, 1) == followed.wanted(1, 1) == [(1, rating_sum(1, 500))]

    asyncio.run(scenario())


def test_a_product_that_ties_with_those_that_could_have_been_before_it_is_ordered_by_its_id() -> None:
    async def scenario() -> None:
        followed = Followed(Measure.SALES, lengths=(1_000,))
        for age in (LENGTH + 5, 0):
            await followed.add([Happened(product, followed.now - age, 5) for product in range(20, 31)])
        await followed.add([Happened(1, followed.now, 5)])
        assert await followed.first(1, 1) == followed.wanted(1, 1) == [(1, 1)]

    asyncio.run(scenario())


def test_a_product_that_stayed_as_others_shrank_is_found() -> None:
    """Four products grew beyond the floor, and lost nearly all of it before anybody asked again."""

    async def scenario() -> None:
        followed = Followed(Measure.SALES)
        old = followed.now - LENGTH + 60
        await followed.add([Happened(product, old, 5) for product in (1, 2) for _ in range(10)])
        await followed.add([Happened(3, followed.now, 5) for _ in range(5)])
        assert await followed.first(1, 1) == [(1, 10)]
        await followed.add([Happened(product, old, 5) for product in (4, 5) for _ in range(11)])
        await followed.add([Happened(product, followed.now, 5) for product in (1, 2, 4, 5)])
        await followed.pass_time(180)
        assert await followed.first(1, 1) == followed.wanted(1, 1) == [(3, 5)]

    asyncio.run(scenario())


def test_100_000_products_that_tie_are_ordered_by_their_ids_without_reading_many_raw_events() -> None:
    async def scenario() -> None:
        followed = Followed(Measure.SALES, lengths=(1_000, 4_000))
        await followed.add([Happened(product, NOW - 60 - product % 700, 5) for product in range(100_000)])
        assert await followed.first(100, 1) == [(product, 1) for product in range(100)]

    asyncio.run(scenario())


def test_the_event_loop_never_waits_for_a_board_of_100_000_products() -> None:
    """By the number of rows between two turns of the loop, since its time depends on the machine."""

    async def scenario() -> None:
        followed, turns = Followed(Measure.AMOUNT, lengths=(1_000, 4_000)), 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        rows = 20_000
        task = asyncio.create_task(others())
        await followed.add([Happened(product, NOW - LENGTH + 60, product) for product in range(rows)])
        added = turns
        await followed.first(10, 1)
        ranked = turns
        await followed.pass_time(120)
        task.cancel()
        assert min(added, ranked - added, turns - ranked) >= rows // 200

    asyncio.run(scenario())
