"""Where a halted partition goes on, decided without Kafka and MongoDB; and a setting that Kafka's client refuses."""

import subprocess
import sys

import pytest

from consumer.partitions.brokers import PartitionState
from scripts.partitions.decision import decide
from shared.documents import Document, partition_id
from tests.support.process import ROOT

STORED: Document = {"_id": partition_id("group", "topic", 3), "next_offset": 100, "topic_id": "first"}


@pytest.mark.parametrize(
    ("state", "next_offset", "meaning"),
    [
        (PartitionState("second", low=0, high=500), 0, "the beginning of the new topic"),
        (PartitionState("second", low=20, high=500), 20, "the beginning of the new topic"),
        (PartitionState("first", low=150, high=200), 150, "50 offsets are no longer in Kafka"),
        (PartitionState("first", low=0, high=90), 90, "Kafka lost its newest records"),
    ],
)
def test_a_halted_partition_goes_on_at_what_kafka_holds(state: PartitionState, next_offset: int, meaning: str) -> None:
    decision = decide(STORED, state)
    assert decision is not None
    assert decision.next_offset == next_offset
    assert meaning in decision.meaning


@pytest.mark.parametrize(
    "state", [PartitionState("first", low=100, high=100), PartitionState("first", low=0, high=200)]
)
def test_a_partition_whose_next_offset_kafka_holds_is_not_halted(state: PartitionState) -> None:
    assert decide(STORED, state) is None


def test_a_setting_that_only_the_client_can_judge_ends_with_78() -> None:
    environment = {"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SSL_CA_LOCATION": "/no/such/file"}
    argv = [sys.executable, "-m", "scripts.partitions", "restart", "--partition", "0"]
    ended = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 78
    assert "ssl.ca.location" in ended.stderr
    assert "KafkaError{" not in ended.stderr
