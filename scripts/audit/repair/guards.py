"""Guard documents: the one document that everybody changes first who writes a partition's sums.

A transaction that has changed a guard document has the partition for itself until it commits: MongoDB lets no other
transaction change the same document meanwhile. Which document that is, and what it counts, depends on the partition:

    partition       guard document             a batch, or a replay, changes      a repair changes
    0, 1, 2, ...    its own in `partitions`    `next_offset` (by `generation`)    `repairs`
    -1 (replays)    `replays`, `maintenance`   `count`                            `repairs`

Neither number ever returns to an earlier value, so two equal states mean that nothing was written in between. The
offset alone could return: a topic that was created again begins at 0, in another generation.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from shared.documents import MAINTENANCE, PARTITIONS, REPLAYED_PARTITION, REPLAYS, Document, partition_id

_MOVED: Final = ("generation", "next_offset")


class Guard(NamedTuple):
    """Where a partition's guard document is."""

    collection: str
    identity: Document
    may_be_absent: bool
    """Whether it is made by the first replay or repair, so that its absence means that neither has been."""


class GuardState(NamedTuple):
    """What a guard document counted at some moment."""

    repairs: int
    stored: tuple[int, ...]
    """Changes with every event that is stored in the partition."""


def guard_of(partition: int, group: str, topic: str) -> Guard:
    """The guard document of a partition."""
    if partition == REPLAYED_PARTITION:
        return Guard(MAINTENANCE, {"_id": REPLAYS}, may_be_absent=True)
    return Guard(PARTITIONS, {"_id": partition_id(group, topic, partition)}, may_be_absent=False)


def state_of(guard: Guard, document: Mapping[str, Any] | None) -> GuardState | None:
    """The state that a guard document is in; None where it does not say, so that nothing can be compared with it.

    `document` is None where it is missing.
    """
    if guard.may_be_absent:
        counts = document or {}
        return GuardState(counts.get("repairs", 0), (counts.get("count", 0),))
    if document is None or any(name not in document for name in _MOVED):
        return None
    return GuardState(document.get("repairs", 0), tuple(document[name] for name in _MOVED))
