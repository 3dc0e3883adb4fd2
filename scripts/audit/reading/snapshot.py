"""Reads of one moment: a snapshot session, opened anew before MongoDB forgets the moment."""

import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Final, Self

import pymongo
from pymongo.client_session import ClientSession

from shared.documents import PARTITIONS, Document
from shared.mongo import SyncDatabase

RENEW_SECONDS: Final = 60.0
"""MongoDB keeps a moment for `minSnapshotHistoryWindowInSeconds`, 300 by default; one day is read inside it."""
CALL_SECONDS: Final = 120.0
"""Deadline of one call: the server may walk a whole collection before it has a first batch."""


class Snapshot:
    """One moment of the database. All reads of one Snapshot see exactly the transactions committed before it."""

    def __init__(self, database: SyncDatabase) -> None:
        self._database = database
        self._session: ClientSession = database.client.start_session(snapshot=True)
        self.opened = time.monotonic()
        # The moment is that of the first read.
        self.find_one(PARTITIONS, {})

    @property
    def old(self) -> bool:
        """Whether the next day should be read from a newer one."""
        return time.monotonic() - self.opened > RENEW_SECONDS

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the session."""
        self._session.end_session()

    def find_one(self, collection: str, query: Mapping[str, Any]) -> Document | None:
        """One document, or None."""
        with pymongo.timeout(CALL_SECONDS):
            return self._database[collection].find_one(query, session=self._session)

    def find(
        self, collection: str, query: Mapping[str, Any], projection: Mapping[str, Any] | None = None
    ) -> Iterator[Document]:
        """Documents in order of `_id`."""
        cursor = self._database[collection].find(query, projection, session=self._session).sort("_id", 1)
        with cursor:
            yield from cursor

    def raw_batches(
        self, collection: str, query: Mapping[str, Any], projection: Mapping[str, Any] | None
    ) -> Iterator[bytes]:
        """Documents in order of `_id`, many in one piece of BSON after BSON."""
        with self._database[collection].find_raw_batches(query, projection, session=self._session) as found:
            yield from found.sort("_id", 1)

    def aggregate(self, collection: str, pipeline: list[Document]) -> list[Document]:
        """A small result that the server may take a while for."""
        with pymongo.timeout(CALL_SECONDS):
            return list(self._database[collection].aggregate(pipeline, session=self._session, allowDiskUse=True))
