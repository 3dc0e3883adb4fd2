"""A session for a script's transactions, which ends what an earlier run left open.

A process that is killed inside a transaction leaves it to MongoDB, which holds its documents for a minute more. So each
run notes its session, and the next one kills the session that is noted. A run that lives still only runs its
transaction again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from pymongo import WriteConcern
from pymongo.client_session import ClientSession
from pymongo.errors import OperationFailure
from pymongo.read_concern import ReadConcern

from shared.documents import MAINTENANCE
from shared.mongo import SyncDatabase

_INTERRUPTED: Final = frozenset({11600, 11601, 11602})
_TRIES: Final = 3


@contextmanager
def only_session(database: SyncDatabase, duty: str) -> Iterator[ClientSession]:
    """A session for `duty`; what is open in the last one's is aborted."""
    with database.client.start_session() as session:
        noted = database[MAINTENANCE].find_one_and_update(
            {"_id": duty}, {"$set": {"lsid": dict(session.session_id)}}, upsert=True
        )
        if noted is not None:
            database.client.admin.command({"killSessions": [noted["lsid"]]})
        yield session


def in_transaction(session: ClientSession, write: Callable[[ClientSession], None]) -> None:
    """Run `write` and commit, again where it met another transaction or was killed. It must be safe to run again after
    it has succeeded: a lost reply to the commit may make it so."""
    for tried in range(1, _TRIES + 1):
        try:
            session.with_transaction(write, ReadConcern("snapshot"), WriteConcern("majority"))
        except OperationFailure as error:
            if error.code not in _INTERRUPTED or tried == _TRIES:
                raise
        else:
            return
