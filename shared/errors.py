"""The exceptions that this project raises, as a tree:

AnalyticsError
├── ConfigurationError      a setting is missing or wrong; the process ends with exit code 78
├── StoreUnavailable        MongoDB did not do what was asked; try again later, nothing is lost
├── SourceUnavailable       Kafka did not tell what was asked of a partition; that partition waits
├── ClaimContended          another process holds a partition's document; that partition waits
├── ClockSkewed             this machine's clock and MongoDB's differ too much to judge an event's time
└── Halt                    going on would skip or repeat events; a person has to decide
    ├── TopicRecreated
    ├── OffsetsLost
    ├── WrongCollection
    ├── SchemaNewer
    └── PartitionRefused    MongoDB refuses what one partition writes
        ├── InvariantBroken
        └── AggregateRefused
"""


class AnalyticsError(Exception):
    """Base of all below; its text is for the person who runs the service."""


class ConfigurationError(AnalyticsError):
    """A setting is missing or wrong."""


class StoreUnavailable(AnalyticsError):
    """MongoDB could not be reached or refused for now. Nothing is lost: the work is done again."""


class SourceUnavailable(AnalyticsError):
    """Kafka did not answer a question about a partition in time. Nothing is lost: that partition is asked for again."""


class ClaimContended(AnalyticsError):
    """Another process claims a partition, or holds its document, at this moment. That partition is claimed again."""


class ClockSkewed(AnalyticsError):
    """This machine's clock differs from MongoDB's by more than the limit, so an event's time cannot be judged."""

    def __init__(self, skew_seconds: float) -> None:
        super().__init__(
            f"this machine's clock is {skew_seconds:+.1f} s off MongoDB's: no event's time can be judged, "
            "so reading pauses and nothing is rejected; correct the clock (NTP), reading then goes on by itself"
        )
        self.skew_seconds = skew_seconds


class Halt(AnalyticsError):
    """Going on with a partition would skip or repeat events. It stays halted until a person decides."""


class TopicRecreated(Halt):
    """Kafka's topic id differs from the one these offsets were stored for."""


class SchemaNewer(Halt):
    """The database was migrated to a version that this program does not know."""


class OffsetsLost(Halt):
    """The next offset to read lies outside what Kafka still holds."""


class WrongCollection(Halt):
    """A collection exists with other options than this version creates, so its cost or order would be wrong."""


class PartitionRefused(Halt):
    """MongoDB refuses what `partition` writes, and would refuse it again."""

    def __init__(self, partition: int, message: str) -> None:
        super().__init__(message)
        self.partition = partition


class InvariantBroken(PartitionRefused):
    """MongoDB holds a document that, by the partition's stored offset, was never written."""


class AggregateRefused(PartitionRefused):
    """A validator refuses a document of this project's own, which no event is to blame for."""
