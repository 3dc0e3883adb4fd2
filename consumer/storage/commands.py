"""What a transaction reads and writes, in few commands of MongoDB's wire protocol.

The driver's bulk writes look at every document in Python. The documents and statements here are encoded already and
known to be valid, so they are handed to the driver in large pieces that it need not look into.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from bson.raw_bson import RawBSONDocument
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError

from shared.documents import Document, Id
from shared.mongo import SyncDatabase

MOST_STATEMENTS: Final = 100_000
"""In one command: what the server takes (`maxWriteBatchSize`)."""
MOST_IDENTITIES: Final = 10_000
"""In one question by `_id`: some 500 KB, so an answer of as many small documents comes in one reply."""
MOST_BYTES: Final = 32 * 1024 * 1024
"""In one command: below the 48 MB that the server takes in one message (`maxMessageSizeBytes`)."""
MOST_BYTES_JOINED: Final = 8 * 1024 * 1024
"""In one piece: below the 16 MB that the driver takes for one document, which it believes each piece to be."""


class Encoded(RawBSONDocument):
    """Encoded documents, one behind the other, that the driver takes for a single one.

    The driver writes each document of a command to the message as its bytes, with nothing in between. So the bytes of a
    thousand documents that are joined make the same message as a thousand documents, and the driver handles one object.
    The server, which reads the message, finds the thousand.
    """

    __slots__ = ("raw",)
    raw: bytes

    def __init__(self, raw: bytes) -> None:
        self.raw = raw


def insert(database: SyncDatabase, collection: str, documents: Sequence[bytes], session: ClientSession) -> None:
    """Insert encoded documents, in order. Raises BulkWriteError, whose indexes are those of `documents`."""
    for first, part in in_messages(documents):
        command = {"insert": collection, "documents": _joined(part)}
        _raise_write_errors(database.command(command, session=session), first)


def update(database: SyncDatabase, collection: str, statements: Sequence[bytes], session: ClientSession) -> None:
    """Run encoded statements of the `update` command, in any order. Raises BulkWriteError, with their indexes."""
    for first, part in in_messages(statements):
        command = {"update": collection, "updates": _joined(part), "ordered": False}
        _raise_write_errors(database.command(command, session=session), first)


def find(
    database: SyncDatabase, collection: str, identities: Sequence[Id], fields: dict[str, int], session: ClientSession
) -> Iterator[Document]:
    """The documents that a collection holds of these `_id`s, with `fields` of each. No command for no `_id`s."""
    for first in range(0, len(identities), MOST_IDENTITIES):
        wanted = {"_id": {"$in": identities[first : first + MOST_IDENTITIES]}}
        yield from database[collection].find(wanted, fields, session=session, batch_size=MOST_IDENTITIES)


def in_messages(documents: Sequence[bytes], most_bytes: int = MOST_BYTES) -> Iterator[tuple[int, Sequence[bytes]]]:
    """Parts of `documents` that fit into one message each, with the index at which each part begins."""
    if len(documents) <= MOST_STATEMENTS and sum(map(len, documents)) <= most_bytes:
        yield 0, documents
        return
    begin = size = 0
    for index, document in enumerate(documents):
        size += len(document)
        if index > begin and (size > most_bytes or index - begin >= MOST_STATEMENTS):
            yield begin, documents[begin:index]
            begin, size = index, len(document)
    yield begin, documents[begin:]


def _joined(documents: Sequence[bytes]) -> list[Encoded]:
    return [Encoded(b"".join(part)) for _, part in in_messages(documents, MOST_BYTES_JOINED)]


def _raise_write_errors(reply: dict[str, Any], first: int) -> None:
    """Raise BulkWriteError for the errors in a command's reply; `first` is the index of the command's first
    document."""
    errors = reply.get("writeErrors")
    if errors:
        raise BulkWriteError({**reply, "writeErrors": [error | {"index": error["index"] + first} for error in errors]})
