"""The exceptions that reach an operator, as a tree. Those that a module raises for its callers alone stand there:

AnalyticsError
├── ConfigurationError      a setting is missing or wrong; the process ends with exit code 78
├── DatabaseUnavailable     MongoDB cannot be reached, or refuses for now; the caller tries again, nothing is lost
├── SourceUnavailable       Kafka did not answer about a partition; that partition waits, the others are read
├── ClaimContended          another process claims a partition at the moment; that partition waits
├── ClockSkewed             this machine's clock and MongoDB's differ too much; reading pauses
└── Halt                    going on would skip or repeat events; an operator has to decide
    ├── TopicRecreated      the topic was deleted and created again
    ├── OffsetsLost         Kafka no longer holds the next offset
    ├── WrongCollection     a collection was created with other options; the process ends with exit code 3
    ├── SchemaNewer         a newer version has migrated the database; the process ends with exit code 3
    └── PartitionRefused    MongoDB refuses what one partition writes, and will refuse it again
        ├── InvariantBroken     MongoDB holds what was never written
        └── AggregateRefused    a validator refuses one of this project's own documents

docs/operations/troubleshooting.md says what an operator does about each.
"""


class AnalyticsError(Exception):
    """Base of all of these. Its text is written for the operator: what happened, what it means, what to do."""


class ConfigurationError(AnalyticsError):
    """A setting is missing or wrong. The text names it, and never its value."""


class DatabaseUnavailable(AnalyticsError):
    """MongoDB could not be reached, or refused for now. Nothing is lost: the caller does its work again later."""


class SourceUnavailable(AnalyticsError):
    """Kafka did not answer a question about one partition in time. Nothing is lost: the consumer asks again."""


class ClaimContended(AnalyticsError):
    """Another process claims a partition, or holds its document, at this moment. The consumer claims it again."""


class ClockSkewed(AnalyticsError):
    """This machine's clock differs from MongoDB's by more than `shared.mongo.MAX_CLOCK_SKEW_SECONDS`.

    One of the two is wrong, so nobody can judge whether an event is too old or from the future. `skew_seconds` is
    positive when this machine is ahead.
    """

    def __init__(self, skew_seconds: float) -> None:
        super().__init__(
            f"this machine's clock is {skew_seconds:+.1f} s off MongoDB's: no event's time can be judged, "
            "so reading pauses and nothing is rejected; correct the clock (NTP), reading then goes on by itself"
        )
        self.skew_seconds = skew_seconds


class Halt(AnalyticsError):
    """Going on would skip or repeat events. The partition, or the process, stays halted until an operator decides."""


class TopicRecreated(Halt):
    """Kafka's id of the topic differs from the one that the offset was stored for: the topic was created again."""


class SchemaNewer(Halt):
    """A newer version of this project has migrated the database to a version that this program does not know."""


class OffsetsLost(Halt):
    """The next offset to read is not among those that Kafka holds: retention or data loss took events unread."""


class WrongCollection(Halt):
    """A collection of events is not clustered, so another program created it; reading it would cost too much."""


class PartitionRefused(Halt):
    """MongoDB refuses what the consumer writes for `partition`, and would refuse it again."""

    def __init__(self, partition: int, message: str) -> None:
        super().__init__(message)
        self.partition = partition


class InvariantBroken(PartitionRefused):
    """MongoDB holds a document which, by the partition's stored offset, was never written."""


class AggregateRefused(PartitionRefused):
    """A validator that somebody added refuses an aggregate or a dead letter; no event is to blame."""
