"""The tests' model of the stored documents sees what is wrong with names, categories and times of products."""

from typing import Any

import pytest

from tests.support.documents.invariant import check_aggregates
from tests.support.documents.replaying import NOT_JSON, letters, replayer
from tests.support.documents.writing import Writer, rated, sold
from tests.support.kafka.consumer_group import now_ms

AT_MS = now_ms() - 60_000


@pytest.fixture
def filled(writer: Writer) -> Writer:
    """In partition 0: A, a rating; B, the newest rating; C, a sale; D, a late sale; and C twice more. Under -1: E."""
    names = [rated("A", AT_MS), rated("B", AT_MS + 1), sold("C", AT_MS + 3), sold("D", AT_MS), sold("C", AT_MS + 5)]
    lease = writer.lease()
    writer.commit(writer.batch(lease, [*names[:3], NOT_JSON, NOT_JSON]))
    writer.commit(writer.batch(lease, names[3:]))
    with replayer(writer, lambda letter: sold("EF"[letter["_id"]["o"] % 2], AT_MS - letter["_id"]["o"])) as command:
        assert command.replay(letters(writer)) == ["replayed"] * 2
    check_aggregates(writer.database)
    return writer


CHANGES: dict[str, tuple[int, dict[str, Any]]] = {
    "the name of an earlier event": (0, {"latest.name": "A"}),
    "the name of a later event that is older": (0, {"latest.name": "D"}),
    "the newest name with the time of another event": (0, {"latest.t": AT_MS + 4}),
    "a time beyond the newest event": (0, {"latest.t": AT_MS + 6}),
    "the offset of another event": (0, {"latest.o": 1}),
    "the rating before the newest": (0, {"latest_rated.t": AT_MS, "latest_rated.o": 0, "latest_rated.name": "A"}),
    "the category of no event": (0, {"latest_rated.category": "d"}),
    "the name of another rating": (0, {"latest_rated.name": "A"}),
    "the offset of another rating": (0, {"latest_rated.o": 2}),
    "seen first with the second event": (0, {"first_seen": AT_MS + 1}),
    "a field more": (0, {"latest.note": 1}),
    "the replayed event before the newest": (-1, {"latest.name": "E"}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_is_wrong_with_a_product_is_seen(filled: Writer, change: str) -> None:
    partition, fields = CHANGES[change]
    assert filled.database.products.update_one({"_id.k": partition}, {"$set": fields}).modified_count == 1
    with pytest.raises(AssertionError):
        check_aggregates(filled.database)


def test_a_product_that_keeps_no_newest_rating_is_seen(filled: Writer) -> None:
    filled.database.products.update_one({"_id.k": 0}, {"$unset": {"latest_rated": ""}})
    with pytest.raises(AssertionError):
        check_aggregates(filled.database)
