"""The search of Kafka's latest messages keeps what it has read when its time is over."""

import pytest
from confluent_kafka import Message, TopicPartition

from consumer.partitions.brokers import PartitionState
from scripts.events.records import Records
from shared.settings import ConsumerSettings


class Stalled:
    """A consumer whose broker gives some messages and then nothing more."""

    def __init__(self, messages: list[Message]) -> None:
        self._messages = messages

    def assign(self, partitions: list[TopicPartition]) -> None:
        """Nothing is to be done."""

    def consume(self, count: int, timeout: float) -> list[Message]:
        """All messages at once, then none."""
        given, self._messages = self._messages, []
        return given


def message(offset: int, key: bytes) -> Message:
    return Message(topic="t", partition=0, offset=offset, key=key, value=b"v", headers=[], timestamp=(1, offset))


@pytest.mark.parametrize(("end", "is_complete"), [(3, True), (9, False)])
def test_what_was_read_in_time_is_kept(monkeypatch: pytest.MonkeyPatch, end: int, is_complete: bool) -> None:
    records = Records(ConsumerSettings(kafka_bootstrap_servers="127.0.0.1:1"))
    monkeypatch.setattr(records, "_consumer", Stalled([message(0, b"k"), message(1, b"other"), message(2, b"k")]))
    monkeypatch.setattr(records, "_states", {0: PartitionState(low=0, high=end, topic_id="")})
    latest = records.latest(b"k", [0], 100, 10, 0.3)
    assert [record.place.offset for record in latest.records] == [2, 0]
    assert latest.is_complete is is_complete
