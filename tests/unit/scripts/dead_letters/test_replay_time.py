"""The time at which a replay judges whether a message is too old."""

from datetime import UTC, datetime

import pytest

from scripts.dead_letters.replay import KAFKAS_YEAR_MS, aged_to_ms

REJECTED_MS = 1_780_272_000_000
REJECTED_AT = datetime.fromtimestamp(REJECTED_MS / 1000, UTC)


@pytest.mark.parametrize("recorded_ms", [REJECTED_MS, REJECTED_MS - 1, REJECTED_MS - 10**10, KAFKAS_YEAR_MS])
def test_it_is_when_kafka_recorded_the_message(recorded_ms: int) -> None:
    assert aged_to_ms({"timestamp_ms": recorded_ms, "rejected_at": REJECTED_AT}) == recorded_ms


@pytest.mark.parametrize(
    "recorded_ms",
    [
        -1, 0, 1, REJECTED_MS // 1000, REJECTED_MS * 1000, REJECTED_MS * 10**6, REJECTED_MS + 1, KAFKAS_YEAR_MS - 1,
        -62_135_596_800_001, -(2**63), 2**63 - 1,
    ],
)  # fmt: skip
def test_it_is_when_the_message_was_rejected_where_that_cannot_be(recorded_ms: int) -> None:
    assert aged_to_ms({"timestamp_ms": recorded_ms, "rejected_at": REJECTED_AT}) == REJECTED_MS
