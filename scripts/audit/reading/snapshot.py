"""Reads of one moment: a MongoDB snapshot session, which sees no transaction that commits later."""

import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Final, Self

import pymongo
from pymongo.client_session import ClientSession

from shared.documents import PARTITIONS, Document
from shared.mongo import SyncDatabase

RENEW_SECONDS: Final = 60.0
"""A day is read from a new snapshot when the present one is older than this.

MongoDB keeps a moment for `minSnapshotHistoryWindowInSeconds`, 300 by default, so a day has at least 240 s to be read.
With 120 s here it would have 180 s; with 30 s the audit would count the rollups by day, which each new snapshot needs,
twice as often.
"""
CALL_SECONDS: Final = 120.0
"""Deadline of one call, in seconds: MongoDB may walk a whole collection before it has a first answer.

With half, an audit of a large collection on a slow disk ends without a judgement; with twice as much, an operator waits
four minutes to learn that MongoDB stopped answering.
"""


class Snapshot:
    """One moment of the database: all reads see exactly the transactions that were committed before it.

    The constructor reads once, because MongoDB takes the moment at the session's first read. Reads block, and raise
    PyMongoError: OperationFailure with code 239 (SnapshotTooOld) when MongoDB no longer keeps the moment, with code 246
    (SnapshotUnavailable) when a collection was created, or changed its options, after it.
    """

    def __init__(self, database: SyncDatabase) -> None:
        self._database = database
        self._session: ClientSession = database.client.start_session(snapshot=True)
        self.opened = time.monotonic()
        self.find_one(PARTITIONS, {})

    @property
    def old(self) -> bool:
        """Whether the next day should be read from a new snapshot."""
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
        """The first document that matches, or None."""
        with pymongo.timeout(CALL_SECONDS):
            return self._database[collection].find_one(query, session=self._session)

    def find(
        self, collection: str, query: Mapping[str, Any], projection: Mapping[str, Any] | None = None
    ) -> Iterator[Document]:
        """The documents that match, in order of `_id`."""
        cursor = self._database[collection].find(query, projection, session=self._session).sort("_id", 1)
        with cursor:
            yield from cursor

    def raw_batches(
        self, collection: str, query: Mapping[str, Any], projection: Mapping[str, Any] | None
    ) -> Iterator[bytes]:
        """The documents that match, in order of `_id`, not decoded: each `bytes` holds many, one BSON after another."""
        with self._database[collection].find_raw_batches(query, projection, session=self._session) as found:
            yield from found.sort("_id", 1)

    def aggregate(self, collection: str, pipeline: list[Document]) -> list[Document]:
        """All results of an aggregation, as a list; for few results that MongoDB may need long to compute."""
        with pymongo.timeout(CALL_SECONDS):
            return list(self._database[collection].aggregate(pipeline, session=self._session, allowDiskUse=True))
