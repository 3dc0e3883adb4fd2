"""The one session of a command that writes in transactions; it ends what an earlier run left open.

If a process is killed inside a transaction, MongoDB keeps the transaction open for up to a minute, and locks the
documents that it wrote. So each run notes the id of its session in `maintenance`, and the next run kills the session
that is noted there. If the earlier run still lives, it only has to run its transaction again.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from pymongo import WriteConcern
from pymongo.client_session import ClientSession
from pymongo.errors import OperationFailure
from pymongo.read_concern import ReadConcern
from tenacity import retry, retry_if_exception, stop_after_attempt

from shared.documents import MAINTENANCE
from shared.mongo import SyncDatabase

_INTERRUPTED: Final = frozenset({11600, 11601, 11602})  # InterruptedAtShutdown, Interrupted, ...DueToReplStateChange
_ATTEMPTS: Final = 3
"""Each later run of the same command interrupts a run once. Three attempts let two of them start during one short
transaction. With two, the second later run would end this one; with six, a run that others interrupt on and on would
only fail later."""


@contextmanager
def only_session(database: SyncDatabase, duty: str) -> Iterator[ClientSession]:
    """A session for the work that `duty` names; kills the session that the last run for this duty noted.

    Raises PyMongoError when MongoDB does not answer.
    """
    with database.client.start_session() as session:
        noted = database[MAINTENANCE].find_one_and_update(
            {"_id": duty}, {"$set": {"lsid": dict(session.session_id)}}, upsert=True
        )
        if noted is not None:
            database.client.admin.command({"killSessions": [noted["lsid"]]})
        yield session


def _was_interrupted(error: BaseException) -> bool:
    return isinstance(error, OperationFailure) and error.code in _INTERRUPTED


@retry(retry=retry_if_exception(_was_interrupted), stop=stop_after_attempt(_ATTEMPTS), reraise=True)
def in_transaction(session: ClientSession, write: Callable[[ClientSession], None]) -> None:
    """Run `write` in a transaction and commit it. Raises what `write` raises, and PyMongoError.

    Runs `write` again if the transaction met another transaction, and a few times if it was killed. It may do so even
    after a commit that succeeded, when MongoDB's reply to the commit was lost: so `write` must be safe to run again.
    """
    session.with_transaction(write, ReadConcern("snapshot"), WriteConcern("majority"))
