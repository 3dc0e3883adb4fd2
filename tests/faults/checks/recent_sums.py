"""What batches left for those who follow the sums: without a gap, up to the present offset, and what was stored."""

from collections import Counter

from shared.columns import unpacked
from shared.documents import Document
from shared.mongo import SyncDatabase
from tests.support.documents.invariant import event_collections


def check(database: SyncDatabase) -> None:
    """Assert that the documents of each partition follow each other up to its next offset, and that their sales and
    ratings are those of the raw events from the first document on. MongoDB has deleted the documents before that."""
    for partition in database.partitions.find():
        of_partition = {"_id.k": partition["_id"]["k"], "_id.g": partition["generation"]}
        documents = list(database.recent_sums.find(of_partition).sort("_id"))
        if documents:
            ends = [document["to"] for document in documents]
            begins = [document["_id"]["o"] for document in documents[1:]]
            assert [*begins, partition["next_offset"]] == ends, f"a gap in {partition['_id']}: {begins}, {ends}"
            assert _added(documents) == _stored(database, documents[0]["_id"]), f"other sums in {partition['_id']}"


def _added(documents: list[Document]) -> Counter[tuple[int, int]]:
    """Events by product and minute, as the documents say."""
    events: Counter[tuple[int, int]] = Counter()
    for document in documents:
        names = ("product", "minute", "sales", "ratings")
        columns = [unpacked(document.get(name, b""), document["rows"]) for name in names]
        for product, minute, sales, ratings in zip(*columns, strict=True):
            events[product, document["first_minute"] + minute] += sales + ratings
    return events


def _stored(database: SyncDatabase, first: Document) -> Counter[tuple[int, int]]:
    """The same, as the raw events from the offset `first` on say."""
    events: Counter[tuple[int, int]] = Counter()
    for collection in event_collections(database):
        for event in collection.find({"_id.k": first["k"], "_id.g": first["g"], "_id.o": {"$gte": first["o"]}}):
            events[event["_id"]["p"], event["_id"]["t"] // 60_000] += 1
    return events
