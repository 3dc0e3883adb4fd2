"""A request's answer: the first products, with the digits that the other routes give."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Final, NamedTuple, Self

from api.reads.database import MongoReader, Observe
from api.reads.freshness import Freshness
from api.reads.products import newest
from api.reads.spans.windows import Window
from api.reads.top.cut_seconds import CutSeconds, Unsettled
from api.reads.top.following import Follower
from api.reads.top.measures import Measure
from api.reads.top.ranking import Ranking
from api.reads.top.shortlist import Candidate
from api.reads.top.source import Source
from api.reads.top.view import View
from shared.errors import DatabaseUnavailable
from shared.mongo import AsyncDatabase

WAIT_SECONDS: Final = 2.0
"""So long a request waits for a board that is being loaded, or brought up to date. Most are loaded by then, so the
first request of a dashboard is answered. With half of it more are told to come again; with twice, a client learns four
seconds late that it has to."""
_ANSWERS_KEPT: Final = 64
"""Answers that a board keeps while its sums stay as they are; full, that takes 1 MB. Each second begins new ones. With
half or twice as many, more or less is made again where many clients ask for different lengths."""

Names = Callable[[Sequence[int]], Awaitable[Mapping[int, newest.Named]]]


class Question(NamedTuple):
    """What is asked of a board."""

    limit: int
    """The most products."""
    least: int
    """By rating, the fewest ratings of a product that is ranked."""
    products: frozenset[int] | None
    """The products that are ranked; None: all."""


class Ranked(NamedTuple):
    """A product of a top."""

    product: int
    name: str | None
    """Its latest name; None where MongoDB holds none."""
    total: int
    """Its sum, as `measures` has it."""


class Top(NamedTuple):
    """The first products."""

    products: tuple[Ranked, ...]
    begin: int
    """The first second that counts, since 1970."""
    now: int
    """The present second."""
    as_of: str | None
    """The time up to which the sums are complete, in RFC 3339. None when it is unknown."""


class TopReader:
    """Answers from the boards of a `Follower`, within `deadline` seconds. `names` gives products' latest names."""

    def __init__(self, follower: Follower, ranking: Ranking, names: Names, deadline: float) -> None:
        self._follower = follower
        self._ranking = ranking
        self._names = names
        self._deadline = deadline

    @classmethod
    def of(
        cls,
        database: AsyncDatabase,
        observe: Observe,
        freshness: Freshness,
        clock: Callable[[], int],
        deadline: float,
    ) -> Self:
        """A reader with boards of its own, which answers within `deadline` seconds. `clock` gives UTC milliseconds."""
        mongo = MongoReader(database, observe)
        follower = Follower(Source(database, observe), freshness, clock)
        return cls(follower, Ranking(CutSeconds(mongo)), partial(newest.names, mongo), deadline)

    def tasks(self) -> list[asyncio.Task[None]]:
        """What runs in the background, to be cancelled when the process ends."""
        return self._follower.tasks()

    async def top(
        self, measure: Measure, window: Window, limit: int, least: int = 1, products: frozenset[int] | None = None
    ) -> Top:
        """The first `limit` products, or of `products` if given. By rating, only those with `least` ratings or more.

        A product is ranked if its sum is above 0, or if it has a rating. Raises NotReady, DatabaseUnavailable and
        SchemaNewer.
        """
        question = Question(limit, least, products)
        try:
            async with asyncio.timeout(self._deadline):
                return await self._settled(measure, window, question)
        except TimeoutError:
            raise DatabaseUnavailable(f"a top took more than {self._deadline:g} s") from None

    async def _settled(self, measure: Measure, window: Window, question: Question) -> Top:
        """The answer, once the board has all raw events of the products that need theirs."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            try:
                async with self._follower.reading(measure, window, deadline - time.monotonic()) as view:
                    return await self._answer(view, question)
            except Unsettled:
                await self._follower.next_round(deadline - time.monotonic())

    async def _answer(self, view: View, question: Question) -> Top:
        limit, least, products = question
        if products is not None:
            return await self._named(view, await self._ranking.among(view, products, limit, least))
        key = limit, least, view.begin
        answered: Top | None = view.board.answers.get(key)
        if answered is None:
            answered = await self._named(view, await self._ranking.of_all(view, limit, least))
            if len(view.board.answers) >= _ANSWERS_KEPT:
                view.board.answers.clear()
            view.board.answers[key] = answered
        return answered._replace(now=view.now, as_of=view.as_of)

    async def _named(self, view: View, first: Sequence[Candidate]) -> Top:
        names = await self._names([product for _, product, _ in first]) if first else {}
        ranked = tuple(
            Ranked(product, names[product].name if product in names else None, total) for _, product, total in first
        )
        return Top(ranked, view.begin, view.now, view.as_of)
