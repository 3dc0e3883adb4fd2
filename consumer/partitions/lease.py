"""The right of this process to write one partition's events."""

from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Lease:
    """One claim of one partition, valid until another consumer claims it or this one gives it up.

    `next_offset` is what MongoDB holds; the committing thread alone moves it. `lost` is set by either thread, once,
    and ends the lease: no record read under it is written any more. A partition claimed again gets a new lease.
    """

    partition: int
    epoch: int
    generation: int
    next_offset: int
    read_from: int
    """Where to begin; after `next_offset` where Kafka has nothing to give in between."""
    topic_id: str
    lost: bool = False
