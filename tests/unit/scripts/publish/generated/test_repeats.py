"""Repeated messages: the share that was asked for, whose ids and contents are those of earlier ones, reproducible."""

import json
import tracemalloc
from collections import Counter
from decimal import Decimal
from itertools import islice
from typing import Any

import pytest

from consumer.events.decode import decode
from consumer.events.event import Identity
from consumer.events.rejection import Rejection
from consumer.events.time_limits import TimeLimits
from scripts.publish.generated.generate import GeneratedMessage, generate
from scripts.publish.generated.repeats import KEPT_MESSAGES, Shares, with_repeats
from scripts.publish.generated.totals import total

NOW_MS = 1_767_225_600_250
LIMITS = TimeLimits.at(NOW_MS, 400)


def stream(count: int, duplicates: float = 0.05, conflicts: float = 0.0, seed: int = 7) -> list[GeneratedMessage]:
    source = generate(count, products=20, seed=seed, invalid=0.02, spread_seconds=60, now_ms=NOW_MS)
    return list(with_repeats(source, count, seed, Shares(duplicates, conflicts)))


def identity(message: GeneratedMessage) -> Identity | None:
    event = decode(message.value, NOW_MS, LIMITS)
    assert not isinstance(event, Rejection), event
    return event.identity


def test_the_same_arguments_give_the_same_messages() -> None:
    assert stream(2000) == stream(2000)
    assert stream(2000)[:500] == stream(500)
    ids = [
        {str(identity(each)) for each in stream(500, seed=seed) if not isinstance(each.expected, str)}
        for seed in (7, 8)
    ]
    assert ids[0].isdisjoint(ids[1])
    assert len(ids[0]) > 400


@pytest.mark.parametrize(("duplicates", "conflicts"), [(0.05, 0.0), (0.0, 0.05), (0.1, 0.02), (0.5, 0.5)])
def test_the_shares_are_as_asked(duplicates: float, conflicts: float) -> None:
    counts = Counter(str(message.expected) for message in stream(10_000, duplicates, conflicts))
    assert abs(counts["duplicate"] - 10_000 * duplicates) < 250
    assert abs(counts["event_id_conflict"] - 10_000 * conflicts) < 250


def test_a_consumer_that_counts_each_id_once_rejects_what_is_expected() -> None:
    seen: dict[tuple[bytes | None, str], bytes] = {}
    for message in stream(5000, 0.1, 0.05):
        if isinstance(message.expected, str) and message.expected not in ("duplicate", "event_id_conflict"):
            continue
        named = identity(message)
        assert named is not None, "each valid event has an id"
        first = seen.setdefault((message.key, named.event_id), named.fingerprint)
        if not isinstance(message.expected, str):
            assert first is named.fingerprint, "its id is new"
        else:
            assert (first == named.fingerprint) == (message.expected == "duplicate")


def test_the_totals_count_each_event_once() -> None:
    messages = stream(5000, 0.1, 0.05)
    totals = total(messages)
    once: dict[str, dict[str, Any]] = {}
    for message in messages:
        if not isinstance(message.expected, str):
            event = json.loads(message.value or b"", parse_float=Decimal)
            once[event["event_id"]] = event
    assert totals.accepted == len(once)
    assert totals.amount == sum(Decimal(event.get("amount", 0)) for event in once.values())
    assert totals.rejected["duplicate"] == sum(message.expected == "duplicate" for message in messages) > 300
    assert totals.accepted + totals.rejected.total() == 5000


def test_repeats_are_near_and_far() -> None:
    messages = stream(60_000)
    first: dict[bytes | None, int] = {}
    distances = []
    for number, message in enumerate(messages):
        before = first.setdefault(message.value, number)
        if message.expected == "duplicate":
            distances.append(number - before)
    assert min(distances) < 100
    assert max(distances) > 2 * KEPT_MESSAGES


def test_memory_is_bounded() -> None:
    tracemalloc.start()
    source = generate(200_000, products=20, seed=1)
    for _ in islice(with_repeats(source, 200_000, 1, Shares(0.05)), 30_000):
        pass
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 7_000_000


def test_without_shares_the_stream_is_what_it_was() -> None:
    assert all(b"event_id" not in (message.value or b"") for message in generate(1000, seed=7))
