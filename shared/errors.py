"""The exceptions that this project raises, as a tree:

AnalyticsError
├── ConfigurationError      a setting is missing or wrong; the process ends with exit code 78
├── StoreUnavailable        MongoDB did not do what was asked; try again later, nothing is lost
├── ClockSkewed             this machine's clock and MongoDB's differ too much to judge an event's time
└── Halt                    going on would skip or repeat events; a person has to decide
    ├── TopicRecreated
    ├── OffsetsLost
    ├── InvariantBroken
    └── WrongCollection
"""


class AnalyticsError(Exception):
    """Base of all below; its text is for the person who runs the service."""


class ConfigurationError(AnalyticsError):
    """A setting is missing or wrong."""


class StoreUnavailable(AnalyticsError):
    """MongoDB could not be reached or refused for now. Nothing is lost: the work is done again."""


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


class OffsetsLost(Halt):
    """The next offset to read lies outside what Kafka still holds."""


class InvariantBroken(Halt):
    """MongoDB already holds an event of `partition` that the partition's stored offset says was never written."""

    def __init__(self, partition: int, message: str) -> None:
        super().__init__(message)
        self.partition = partition


class WrongCollection(Halt):
    """A collection exists with other options than this version creates, so its cost or order would be wrong."""
