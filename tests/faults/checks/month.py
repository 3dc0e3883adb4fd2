"""The API's answers about 30 days, asked for again and again and compared with the raw events, while faults happen."""

import threading
from contextlib import ExitStack
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple, Self

from tests.support.api.answers import exact
from tests.support.api.running import api_process
from tests.support.documents.invariant import event_collections
from tests.support.kafka.consumer_group import ConsumerGroup

LOOK_SECONDS = 0.2
"""The pause between two looks, which take as long themselves."""
FEWEST = 20
"""Looks below which a scenario proves little; each of its steps takes seconds."""


class Sales(NamedTuple):
    """Of a day: the sum of the amounts, and how many sales."""

    amount: Decimal
    sales: int


ByDay = dict[str, Sales]
"""By the day's date in UTC."""


class MonthWatch:
    """A thread that asks a real API for the total and the daily series of 30 days, of all products and of one.

    Events are stored meanwhile, and none is taken away. So each answer must lie between the sums of the raw events
    before the question and those after the answer, day by day: a day that counts twice lies above, a lost one below.
    Use it as a context, and call `check` behind it.
    """

    def __init__(self, group: ConsumerGroup, folder: Path, product: int = 1) -> None:
        self._group = group
        self._folder = folder
        self._product = product
        self._paths = {None: "/api/product/sale", product: f"/api/product/sale/{product}"}
        self._looks = 0
        self._wrong: list[str] = []
        self._stack = ExitStack()
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._run, name="month-watch", daemon=True)

    def __enter__(self) -> Self:
        environment = {"KAFKA_TOPIC": self._group.topic, "GROUP_ID": self._group.topic}
        process = api_process(self._group.mongo, self._group.database, self._folder, **environment)
        self._api, _ = self._stack.enter_context(process)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()
        self._stack.close()

    def check(self) -> None:
        """Assert that every answer was right, and that there were some."""
        assert not self._wrong, f"{len(self._wrong)} of {self._looks} answers are wrong, such as {self._wrong[:3]}"
        assert self._looks >= FEWEST, f"30 days were asked for {self._looks} times only"

    def _run(self) -> None:
        while not self._ends.wait(LOOK_SECONDS):
            try:
                for product, path in self._paths.items():
                    self._look(product, path)
            except Exception as error:
                self._wrong.append(repr(error))
            self._looks += 1

    def _look(self, product: int | None, path: str) -> None:
        before = self._stored(product)
        if not before:
            return
        series = _series(exact(self._api.get(f"{path}/series?window=30d&step=1d&tz=UTC")))
        total = exact(self._api.get(f"{path}?window=30d"))["total"]
        after = self._stored(product)
        for day in before.keys() | after.keys() | series.keys():
            nothing = Sales(Decimal(), 0)
            low, answer, high = (one.get(day, nothing) for one in (before, series, after))
            if not (low.amount <= answer.amount <= high.amount and low.sales <= answer.sales <= high.sales):
                self._wrong.append(f"{path}, {day}: {answer} is not between {low} and {high}")
        lowest, highest = (sum(one.amount for one in days.values()) for days in (before, after))
        if not lowest <= total <= highest:
            self._wrong.append(f"{path}: {total} is not between {lowest} and {highest}")

    def _stored(self, product: int | None) -> ByDay:
        """What the raw events say; each of their collections has a day. Of one product they lie together."""
        chosen: dict[str, Any] = {"event": "productSold"}
        if product is not None:
            chosen["_id"] = {"$gte": {"p": product}, "$lt": {"p": product + 1}}
        added = {"$group": {"_id": None, "amount": {"$sum": "$amount"}, "sales": {"$sum": 1}}}
        found: ByDay = {}
        for collection in event_collections(self._group.database):
            for row in collection.aggregate([{"$match": chosen}, added]):
                day = datetime.strptime(collection.name, "events_%Y%m%d").replace(tzinfo=UTC)
                found[f"{day:%Y-%m-%d}"] = Sales(row["amount"].to_decimal(), row["sales"])
        return found


def _series(answer: dict[str, Any]) -> ByDay:
    """The points of a series that have sales."""
    return {
        point["at"][:10]: Sales(point["amount"], int(point["sales"])) for point in answer["points"] if point["sales"]
    }
