"""What a transaction asks and writes, in few commands of the wire protocol.

The drivers' bulk writes look at every document in Python; what is encoded already needs no look.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from bson.raw_bson import RawBSONDocument
from pymongo.client_session import ClientSession
from pymongo.errors import BulkWriteError

from shared.documents import Document, Id
from shared.mongo import SyncDatabase

MOST_STATEMENTS = 100_000
MOST_IDENTITIES = 10_000
MOST_BYTES = 32 * 1024 * 1024
"""Below what the server takes in one message: 48 MB."""


MOST_BYTES_JOINED = 8 * 1024 * 1024
"""Below what the driver takes for one document: 16 MB."""


class Encoded(RawBSONDocument):
    """Documents that are known to be valid BSON, one behind the other: only their bytes are ever asked for.

    A message holds its documents just so, and the driver, which sees one, looks at none of them.
    """

    __slots__ = ("raw",)
    raw: bytes

    def __init__(self, raw: bytes) -> None:
        self.raw = raw


def insert(database: SyncDatabase, collection: str, documents: Sequence[bytes], session: ClientSession) -> None:
    """Insert encoded documents, in order. Raises BulkWriteError, whose index is that of `documents`."""
    for first, part in in_messages(documents):
        command = {"insert": collection, "documents": _joined(part)}
        _raise_write_errors(database.command(command, session=session), first)


def update(database: SyncDatabase, collection: str, statements: Sequence[bytes], session: ClientSession) -> None:
    """Run encoded statements of the `update` command, in any order. Raises BulkWriteError."""
    for first, part in in_messages(statements):
        command = {"update": collection, "updates": _joined(part), "ordered": False}
        _raise_write_errors(database.command(command, session=session), first)


def find(
    database: SyncDatabase, collection: str, identities: Sequence[Id], fields: dict[str, int], session: ClientSession
) -> Iterator[Document]:
    """Those of `identities` that a collection holds, with `fields` of each."""
    for first in range(0, len(identities), MOST_IDENTITIES):
        wanted = {"_id": {"$in": identities[first : first + MOST_IDENTITIES]}}
        yield from database[collection].find(wanted, fields, session=session, batch_size=MOST_IDENTITIES)


def in_messages(documents: Sequence[bytes], most_bytes: int = MOST_BYTES) -> Iterator[tuple[int, Sequence[bytes]]]:
    """Parts that the server takes in one message, and where each begins."""
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
    errors = reply.get("writeErrors")
    if errors:
        raise BulkWriteError({**reply, "writeErrors": [error | {"index": error["index"] + first} for error in errors]})
