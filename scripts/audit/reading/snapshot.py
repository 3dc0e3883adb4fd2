"""Reads of one moment: a MongoDB snapshot session, which sees no transaction that commits later."""

import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Final, Self

import pymongo
from pymongo.client_session import ClientSession

from shared.documents import PARTITIONS, Document
from shared.errors import AnalyticsError
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
SNAPSHOT_TOO_OLD: Final = 239
"""MongoDB's code for a moment that it no longer keeps."""
SNAPSHOT_UNAVAILABLE: Final = 246
"""MongoDB's code for a collection that was created, or changed, after the moment."""
MOMENTS_TRIED: Final = 20
"""How many new snapshots are tried for one collection.

A collection that was created or changed after one moment can be read from the next, so one new snapshot usually does.
Where something changes the collection all the time, half as many give up sooner and twice as many later.
"""


class CannotAudit(AnalyticsError):
    """There is nothing to audit, or MongoDB cannot read it as an audit must. The text says what to do."""


def keeps_changing(what: str) -> CannotAudit:
    """The error for what could not be read from any of `MOMENTS_TRIED` moments."""
    return CannotAudit(
        f"something changes {what} all the time, so it cannot be read at one moment: "
        "run the audit again when that has ended"
    )


class Snapshot:
    """One moment of the database: all reads see exactly the transactions that were committed before it.

    The constructor reads once, because MongoDB takes the moment at the session's first read. Reads block, and raise
    PyMongoError: OperationFailure with `SNAPSHOT_TOO_OLD` when MongoDB no longer keeps the moment, with
    `SNAPSHOT_UNAVAILABLE` when a collection was created, or changed its options, after it.
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
