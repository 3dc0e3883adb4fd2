"""Searches MongoDB for events and dead letters. What has no index is scanned until the budget is over, newest first."""

from functools import partial
from typing import Any, Final

from scripts.common.documents import event_days, leniently
from scripts.events.budget import Budget, TimeOver
from shared.documents import EVENT_IDS, REJECTED_EVENTS, Document, event_id_key, events_of
from shared.mongo import SyncDatabase

_AT_ONCE: Final = 1
"""A scan gives each document as soon as it is found. With more at once, those that were found are lost when the time is
over; every finding costs a round trip, and there are few."""


class Stored:
    """Searches within a budget. Every search raises PyMongoError, but not because the time is over."""

    def __init__(self, database: SyncDatabase, topic: str, budget: Budget) -> None:
        self._database = leniently(database)
        self._topic = topic
        self._budget = budget

    def of_product(self, product: int, query: dict[str, Any], rows: int) -> list[Document]:
        """A product's latest events for which the query holds: one range of `_id` of each day, the latest day first."""
        return self._of_days(f"events of product {product}", events_of(product) | query, rows)

    def scanned_events(self, query: dict[str, Any], rows: int) -> list[Document]:
        """Events for which the query holds, whose every document has to be looked at."""
        return self._of_days("events", query, rows)

    def known_ids(self, event_id: str, product: int | None, rows: int) -> list[Document]:
        """What `event_ids` holds of an id: a lookup with a product, a scan without."""
        ids = self._database[EVENT_IDS]
        if product is None:
            found = ids.find({"_id.i": event_id}, limit=rows, batch_size=_AT_ONCE)
        else:
            found = ids.find({"_id": event_id_key(product, event_id)})
        return self._budget.within("event ids were", found)

    def letters(self, query: dict[str, Any], rows: int) -> list[Document]:
        """Dead letters of the topic for which the query holds, those of the highest offsets first. A scan."""
        letters = self._database[REJECTED_EVENTS]
        found = letters.find({"_id.topic": self._topic, **query}, limit=rows, batch_size=_AT_ONCE).sort("_id", -1)
        return self._budget.within("dead letters were", found)

    def _of_days(self, what: str, query: dict[str, Any], rows: int) -> list[Document]:
        days, found = self._days(), list[Document]()
        for number, day in enumerate(days):
            earlier = f" and in {len(days) - number - 1} earlier days" if number + 1 < len(days) else ""
            cursor = self._database[day].find(query, limit=rows - len(found), batch_size=_AT_ONCE).sort("_id", -1)
            found += self._budget.within(f"{what} in {day}{earlier} were", cursor)
            if len(found) >= rows or not self._budget.left:
                break
        return found

    def _days(self) -> list[str]:
        try:
            return self._budget.ask(partial(event_days, self._database))
        except TimeOver:
            return []
