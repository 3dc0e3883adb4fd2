"""A lease: the right of this process to write one partition's events."""

from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Lease:
    """What one claim of one partition gives. It ends when another claim raises the epoch, or this process gives it up.

    Two threads use it. The database thread alone changes `next_offset`. Either thread may set `lost`, which is never
    unset: records that were read under a lost lease are not written any more. When the same process claims the
    partition again, it gets another lease.
    """

    partition: int
    epoch: int
    """The value to which the claim raised the partition's epoch; each write of the partition compares it."""
    generation: int
    """How often an operator had accepted, by the time of the claim, that the topic was created again; begins at 1."""
    next_offset: int
    """The next offset to store, as MongoDB holds it."""
    read_from: int
    """Where reading begins: `next_offset`, or Kafka's oldest offset where Kafka has nothing to give before that."""
    topic_id: str
    """Kafka's id of the topic that the claim met; empty where it is not known."""
    lost: bool = False
    """Whether the lease has ended."""
