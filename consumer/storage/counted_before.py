"""Which events of a batch have an id that was counted before: MongoDB is asked once a batch, before the transaction.

Asking before the transaction opens holds MongoDB up as little as possible. It is safe, because the transaction inserts
the ids of the events that it counts: where another consumer has counted one of them after the question, the insert
fails (`IdTaken`, or a write conflict), the attempt is over, and the next one asks again. Database thread only.
"""

from collections.abc import Mapping
from typing import Final

from consumer.batches.batch import Batch
from consumer.batches.event_ids import DamagedId, EventIds, EventKey, StoredId, compared
from consumer.storage import commands
from consumer.storage.preparation import Prepared, Recall, prepare
from consumer.storage.statements.event_ids import one_of
from shared.documents import EVENT_IDS, Document
from shared.errors import InvariantBroken
from shared.mongo import SyncDatabase

MAJORITY: Final[Document] = {"level": "majority"}
"""What is rejected for an id stays rejected, so the id must not vanish with a primary that is lost."""


def settle(database: SyncDatabase, batch: Batch, prepared: Prepared | None, recall: Recall) -> tuple[Batch, Prepared]:
    """The batch with dead letters in place of the events whose ids were counted before, prepared.

    `prepared` is what was prepared of the batch, if anything was. Blocks. Asks nothing for a batch without ids. Raises
    PyMongoError, and InvariantBroken for the partition of an event whose id's document is damaged.
    """
    ids = batch.ids
    verdict = compared(ids, stored_ids(database, ids))
    if verdict.rejections:
        batch, prepared = batch.reject(verdict.rejections), None
    prepared = prepared or prepare(batch, recall)
    return batch, prepared._replace(expired_ids=verdict.expired, own_ids=verdict.own)


def stored_ids(database: SyncDatabase, ids: EventIds) -> Mapping[EventKey, StoredId]:
    """Those of the ids that MongoDB holds, also where their time is over. No command for no ids. Raises PyMongoError
    and InvariantBroken.

    The question is encoded by hand and asked as a command, because the driver would look into each of 20,000 ids.
    """
    keys, found = list(ids.counted), dict[EventKey, StoredId]()
    for first in range(0, len(keys), commands.MOST_IDENTITIES):
        part = keys[first : first + commands.MOST_IDENTITIES]
        command = {
            "find": EVENT_IDS,
            "filter": commands.Encoded(one_of(part)),
            "batchSize": len(part),
            "singleBatch": True,
            "readConcern": MAJORITY,
        }
        reply = database.command(command, codec_options=database.codec_options)
        for document in reply["cursor"]["firstBatch"]:
            key = document["_id"]["p"], document["_id"]["i"]
            try:
                found[key] = StoredId.of(document)
            except DamagedId as damaged:
                partition = ids.counted[key].taken.lease.partition
                raise InvariantBroken(
                    partition,
                    f"{damaged}: another program writes to this database; delete that document, then start this "
                    "consumer again; partition halted, nothing written",
                ) from damaged
    return found
