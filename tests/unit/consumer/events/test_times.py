"""Which time an event has, and what is said of one that is not within the limits, whatever Kafka says of a record."""

import json

import pytest
from confluent_kafka import TIMESTAMP_CREATE_TIME, TIMESTAMP_LOG_APPEND_TIME, TIMESTAMP_NOT_AVAILABLE, Message

from consumer.events.decode import decode
from consumer.events.message import NO_TIME_MS, record_time_ms
from consumer.events.rejection import Rejection
from consumer.events.time_limits import TimeLimits
from shared.documents import DAY_MS
from shared.events import MAX_AHEAD_MS, Reason
from tests.unit.consumer.events.test_contract import LIMITS, NOW_MS

EVENT = {"event": "productSold", "name_of_product": "Chair", "product_id": 7, "no_of_units": 2, "amount": "12.50"}
CURE = "send occurred_at, such as 2026-11-30T09:58:48.954Z, or give the record its time in milliseconds"
TOO_OLD = "before 2025-04-27T00:00:00.000Z, the oldest time that is accepted"
TOO_NEW = "after 2026-06-01T00:05:00.000Z, five minutes ahead of the consumer's clock"
OLDEST_MS = NOW_MS - 400 * DAY_MS


def judged(recorded_ms: int, **more: str) -> int | Rejection:
    """The event's time, or why it is rejected."""
    verdict = decode(json.dumps(EVENT | more).encode(), recorded_ms, LIMITS)
    return verdict if isinstance(verdict, Rejection) else verdict.time_ms


@pytest.mark.parametrize(
    ("recorded_ms", "reason", "detail"),
    [
        (NO_TIME_MS, Reason.TOO_OLD, "and its record has no time in Kafka"),
        (0, Reason.TOO_OLD, f"is 1970-01-01T00:00:00.000Z, {TOO_OLD}"),
        (-62_135_596_800_001, Reason.TOO_OLD, f"is -62135596800001 ms, {TOO_OLD}"),
        (NOW_MS // 1000, Reason.TOO_OLD, f"is 1970-01-21T14:31:12.000Z, {TOO_OLD}; Kafka counts milliseconds, and "
         "1780272000 seconds would be 2026-06-01T00:00:00.000Z"),
        (NOW_MS * 1000, Reason.FROM_THE_FUTURE, f"is 1780272000000000 ms, {TOO_NEW}; Kafka counts milliseconds, and "
         "1780272000000000 microseconds would be 2026-06-01T00:00:00.000Z"),
        (NOW_MS * 1_000_000, Reason.FROM_THE_FUTURE, f"is 1780272000000000000 ms, {TOO_NEW}; Kafka counts "
         "milliseconds, and 1780272000000000000 nanoseconds would be 2026-06-01T00:00:00.000Z"),
        (2**63 - 1, Reason.FROM_THE_FUTURE, f"is 9223372036854775807 ms, {TOO_NEW}"),
    ],
)  # fmt: skip
def test_a_senseless_time_of_a_record_counts_only_for_an_event_without_its_own(
    recorded_ms: int, reason: Reason, detail: str
) -> None:
    verdict = judged(recorded_ms)
    assert isinstance(verdict, Rejection)
    assert verdict.reason == reason
    assert verdict.detail.startswith("the event has no occurred_at, and its record")
    assert verdict.detail.endswith(f"{detail}; {CURE}")
    assert judged(recorded_ms, occurred_at="2026-05-31T00:00:00Z") == NOW_MS - DAY_MS


def test_an_events_own_time_is_said_to_be_its_own() -> None:
    verdict = judged(NOW_MS, occurred_at="2024-01-01T00:00:00Z")
    said = "occurred_at is 2024-01-01T00:00:00.000Z, before 2025-04-27T00:00:00.000Z, the oldest time that is accepted"
    assert verdict == Rejection(Reason.TOO_OLD, said)


@pytest.mark.parametrize(
    ("occurred_at", "ahead"),
    [
        ("2026-06-01T00:15:00Z", "0 h 15 min"),
        ("2026-06-01T01:57:00Z", "2 h"),
        ("2026-06-01T05:30:00.500Z", "5 h 30 min"),
        ("2026-06-01T14:02:00Z", "14 h"),
    ],
)
def test_a_time_that_is_ahead_by_a_zones_offset_may_be_a_local_one(occurred_at: str, ahead: str) -> None:
    verdict = judged(NOW_MS, occurred_at=occurred_at)
    assert isinstance(verdict, Rejection)
    assert verdict.detail.endswith(f"about {ahead} ahead: a local time may have been sent with the offset of UTC")


@pytest.mark.parametrize("occurred_at", ["2026-06-01T00:07:00Z", "2026-06-01T02:07:00Z", "2026-06-01T15:00:00Z"])
def test_no_other_time_ahead_is_taken_for_a_local_one(occurred_at: str) -> None:
    verdict = judged(NOW_MS, occurred_at=occurred_at)
    assert isinstance(verdict, Rejection)
    assert verdict.detail.endswith("five minutes ahead of the consumer's clock")


def test_seconds_that_were_taken_for_milliseconds_are_found_in_the_events_own_time() -> None:
    verdict = judged(NOW_MS, occurred_at="1970-01-21T14:31:12Z")
    assert isinstance(verdict, Rejection)
    assert verdict.detail.endswith("1780272000 seconds would be 2026-06-01T00:00:00.000Z")


def test_both_limits_are_accepted() -> None:
    assert judged(OLDEST_MS) == OLDEST_MS
    assert judged(NOW_MS + MAX_AHEAD_MS) == NOW_MS + MAX_AHEAD_MS
    assert isinstance(judged(OLDEST_MS - 1), Rejection)
    assert isinstance(judged(NOW_MS + MAX_AHEAD_MS + 1), Rejection)


def test_no_record_without_a_time_is_within_the_longest_limits() -> None:
    assert isinstance(decode(json.dumps(EVENT).encode(), NO_TIME_MS, TimeLimits.at(NOW_MS, 3650)), Rejection)


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        ((TIMESTAMP_NOT_AVAILABLE, 0), NO_TIME_MS),
        ((TIMESTAMP_NOT_AVAILABLE, NOW_MS), NO_TIME_MS),
        ((TIMESTAMP_CREATE_TIME, -1), NO_TIME_MS),
        ((TIMESTAMP_CREATE_TIME, NOW_MS), NOW_MS),
        ((TIMESTAMP_LOG_APPEND_TIME, NOW_MS), NOW_MS),
    ],
)
def test_the_time_of_a_record_is_kafkas_or_none(timestamp: tuple[int, int], expected: int) -> None:
    assert record_time_ms(Message("events", 0, 0, b"", b"", timestamp=timestamp)) == expected
