"""Answers that are made of sums between cuts: how they are read, whatever is asked.

The as-of is read first. Then all sums of one call are read as they were at one moment, one question after the other:
those about the same question of several products by one query.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, TypeVar

from api.reads.database import MongoReader
from api.reads.freshness import Freshness
from api.reads.spans.reader import Question, SpanReader
from api.reads.sums import Sums

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Moment(NamedTuple):
    """When a call is answered."""

    now_ms: int
    """UTC milliseconds."""
    as_of: str | None
    """The time up to which the sums are complete, in RFC 3339. None when it is unknown."""

    @property
    def second(self) -> int:
        """The present second since 1970."""
        return self.now_ms // 1000


class SpanAnswers(ABC, Generic[Asked, Answer]):
    """Reads one kind of answer: a subclass says which sums it is made of, and makes it of them.

    `clock` gives UTC milliseconds. The methods that read raise DatabaseUnavailable and SchemaNewer.
    """

    def __init__(self, mongo: MongoReader, freshness: Freshness, clock: Callable[[], int], spans: SpanReader) -> None:
        self._mongo = mongo
        self._freshness = freshness
        self._clock = clock
        self._spans = spans

    @abstractmethod
    def _question(self, asked: Asked, at: Moment) -> Question:
        """The sums that the answer is made of."""

    @abstractmethod
    def _answer(self, asked: Asked, question: Question, sums: Sequence[Sums], at: Moment) -> Answer:
        """The answer, made of one sum for each bucket of the question."""

    async def of_products(self, keys: Sequence[tuple[int, Asked]]) -> dict[tuple[int, Asked], Answer | None]:
        """The answer about each product; None for a product that never had an event."""
        at = await self._now()
        products: dict[Asked, list[int]] = {}
        for product, asked in keys:
            products.setdefault(asked, []).append(product)
        found: dict[tuple[int, Asked], Answer | None] = {}
        async with self._mongo.at_one_moment() as moment:
            for asked, of_asked in products.items():
                question = self._question(asked, at)
                for product, sums in (await self._spans.of_products(moment, of_asked, question, at.now_ms)).items():
                    found[product, asked] = None if sums is None else self._answer(asked, question, sums, at)
        return found

    async def of_all(self, keys: Sequence[Asked]) -> dict[Asked, Answer]:
        """The answers about all products together."""
        at = await self._now()
        found: dict[Asked, Answer] = {}
        async with self._mongo.at_one_moment() as moment:
            for asked in keys:
                question = self._question(asked, at)
                sums = await self._spans.of_all(moment, question, at.now_ms)
                found[asked] = self._answer(asked, question, sums, at)
        return found

    async def _now(self) -> Moment:
        as_of = await self._freshness.as_of()
        return Moment(self._clock(), as_of)
