"""What a guard document says is compared with itself at another moment, and never by what it does not have."""

from typing import Any

import pytest

from scripts.audit.repair.guards import GuardState, guard_of, state_of
from shared.documents import REPLAYED_PARTITION

READ = guard_of(3, "group", "topic")
REPLAYED = guard_of(REPLAYED_PARTITION, "group", "topic")


def test_each_partition_is_guarded_by_what_its_writers_change() -> None:
    assert (READ.collection, READ.identity) == ("partitions", {"_id": {"group": "group", "topic": "topic", "k": 3}})
    assert (REPLAYED.collection, REPLAYED.identity) == ("maintenance", {"_id": "replays"})


@pytest.mark.parametrize(
    "change",
    [{"next_offset": 8}, {"generation": 2}, {"repairs": 1}, {"next_offset": 7, "generation": 2}],
    ids=["a batch", "a restart", "a repair", "a topic created again and read as far"],
)
def test_a_partition_that_was_written_to_is_in_another_state(change: dict[str, int]) -> None:
    document = {"next_offset": 7, "generation": 1, "epoch": 4}
    assert state_of(READ, document | change) != state_of(READ, document)


def test_a_claim_alone_changes_nothing() -> None:
    document = {"next_offset": 7, "generation": 1, "epoch": 4, "owner": "one"}
    assert state_of(READ, document | {"epoch": 5, "owner": "another"}) == state_of(READ, document)


@pytest.mark.parametrize("document", [None, {}, {"next_offset": 7}, {"generation": 1}])
def test_what_lacks_what_would_be_compared_is_in_no_state(document: dict[str, Any] | None) -> None:
    assert state_of(READ, document) is None


@pytest.mark.parametrize("change", [{"count": 3}, {"repairs": 1}])
def test_a_replay_or_a_repair_of_replays_is_seen(change: dict[str, int]) -> None:
    for before in (None, {}, {"count": 2}):
        assert state_of(REPLAYED, (before or {}) | change) != state_of(REPLAYED, before)


def test_before_the_first_replay_there_was_none() -> None:
    assert state_of(REPLAYED, None) == state_of(REPLAYED, {"repairs": 0}) == GuardState(0, (0,))
