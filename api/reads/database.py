"""Runs the API's queries: measures each, and turns the driver's errors into DatabaseUnavailable."""

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Final

from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.errors import PyMongoError

from api.reads.queries import BY_ID, Query, Stages
from shared import logs
from shared.errors import DatabaseUnavailable
from shared.mongo import AsyncDatabase, brief

log = logs.logger(__name__)

Observe = Callable[[str, float], None]
"""Called with the name and the seconds of each read."""

_ROWS_IN_FIRST_REPLY: Final = 10_000
"""Rows that MongoDB may put into its first reply (its default is 101), so that a read is one round trip. The largest
read of a topic with twelve partitions, three hours of 200 products in each, has 7,200 rows. Half the number would make
that two round trips, twice the number would change nothing."""


class MongoReader:
    """Runs finds and aggregations on one database.

    `observe` is called with the name and the seconds of each read, also of a failed one. A read ends within the
    deadline that the client was made with (`timeoutMS`).
    """

    def __init__(
        self,
        database: AsyncDatabase,
        observe: Observe = lambda name, took: None,
        session: AsyncClientSession | None = None,
    ) -> None:
        self._database = database
        self._observe = observe
        self._session = session

    @property
    def database_name(self) -> str:
        """Name of the database that it reads."""
        return self._database.name

    @asynccontextmanager
    async def at_one_moment(self) -> AsyncIterator["MongoReader"]:
        """A reader whose finds and aggregations all see the database as it was at the first of them.

        Read one after the other by it, never two at once, and within five minutes: MongoDB keeps what has changed since
        for so long (`minSnapshotHistoryWindowInSeconds`).
        """
        async with self._database.client.start_session(snapshot=True) as session:
            yield MongoReader(self._database, self._observe, session)

    async def find(self, name: str, collection: str, query: Query) -> list[dict[str, Any]]:
        """All rows of a query by ranges of `_id`; no rows when the collection does not exist.

        `name` stands for the read in metrics and in the log. Raises DatabaseUnavailable.
        """
        with observed(name, self._observe):
            found = self._database[collection].find(
                query.filter, query.fields, hint=BY_ID, batch_size=_ROWS_IN_FIRST_REPLY, session=self._session
            )
            return await found.to_list()

    async def aggregate(
        self, name: str, collection: str, stages: Stages, hint: dict[str, int] | None = None
    ) -> list[dict[str, Any]]:
        """All rows of an aggregation; no rows when the collection does not exist.

        `name` stands for the read in metrics and in the log. Raises DatabaseUnavailable.
        """
        options: dict[str, Any] = {} if hint is None else {"hint": hint}
        with observed(name, self._observe):
            cursor = await self._database[collection].aggregate(
                stages, self._session, batchSize=_ROWS_IN_FIRST_REPLY, **options
            )
            return await cursor.to_list()


@contextmanager
def observed(name: str, observe: Observe) -> Iterator[None]:
    """Measures the read inside, and raises DatabaseUnavailable in place of an error of the driver."""
    started = time.perf_counter()
    try:
        yield
    except PyMongoError as error:
        log.warning("MongoDB did not answer, the waiting requests get 503", read=name, error=brief(error))
        raise DatabaseUnavailable("MongoDB did not answer") from error
    finally:
        observe(name, time.perf_counter() - started)
