"""What the sender sends: a key, a value, and for a traced record where it comes from."""

from typing import NamedTuple, Protocol


class Record(Protocol):
    """What `Sender` sends: a key and a value, as they go to Kafka."""

    @property
    def key(self) -> bytes | None:
        """Decides the partition; None lets the client choose any."""

    @property
    def value(self) -> bytes | None:
        """None is a tombstone."""


class KeyAndValue(NamedTuple):
    """A record that holds nothing else; a `GeneratedMessage` is a record that also says what is expected of it."""

    key: bytes | None
    value: bytes | None


class TracedRecord(NamedTuple):
    """A record whose place in Kafka is noted, and whose failure is reported with its origin, such as `line 17`."""

    key: bytes | None
    value: bytes | None
    origin: str
