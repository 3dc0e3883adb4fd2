"""Reads from MongoDB, with their failures and durations told apart in one place."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pymongo.errors import PyMongoError

from api.reads.queries import BY_ID, Query, Stages
from shared import logs
from shared.errors import StoreUnavailable
from shared.mongo import AsyncDatabase, brief

log = logs.logger(__name__)

_ONE_REPLY = 10_000
"""Rows asked for in the first reply: nearly every answer fits into it, so a read is one round trip."""


class MongoReader:
    """Runs queries and aggregation pipelines. `observe` is told each read's name and seconds, failed ones included."""

    def __init__(
        self, database: AsyncDatabase, observe: Callable[[str, float], None] = lambda name, took: None
    ) -> None:
        self._database = database
        self._observe = observe

    @property
    def database_name(self) -> str:
        """Which database it reads."""
        return self._database.name

    async def find(self, name: str, collection: str, query: Query) -> list[dict[str, Any]]:
        """All rows of a query by ranges of `_id`; none when the collection does not exist. Raises StoreUnavailable."""
        with self._told(name):
            found = self._database[collection].find(query.filter, query.fields, hint=BY_ID, batch_size=_ONE_REPLY)
            return await found.to_list()

    async def aggregate(
        self, name: str, collection: str, pipeline: Stages, hint: dict[str, int] | None = None
    ) -> list[dict[str, Any]]:
        """All rows; none when the collection does not exist. Raises StoreUnavailable."""
        options: dict[str, Any] = {} if hint is None else {"hint": hint}
        with self._told(name):
            cursor = await self._database[collection].aggregate(pipeline, batchSize=_ONE_REPLY, **options)
            return await cursor.to_list()

    @contextmanager
    def _told(self, name: str) -> Iterator[None]:
        """Around a read: it is observed, and an error of the driver becomes StoreUnavailable."""
        started = time.perf_counter()
        try:
            yield
        except PyMongoError as error:
            log.warning("MongoDB did not answer, the waiting requests get 503", read=name, error=brief(error))
            raise StoreUnavailable("MongoDB did not answer") from error
        finally:
            self._observe(name, time.perf_counter() - started)
