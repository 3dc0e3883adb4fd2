"""The consumer judges what the publisher sends: it rejects each invalid message for its reason, and finds the expected
numbers in every other."""

import time

import pytest

from consumer.events.decode import decode
from consumer.events.event import Rated, Sold
from consumer.events.time_limits import TimeLimits
from scripts.publish.generated.generate import generate
from scripts.publish.generated.invalid_messages import INVALID

NOW_MS = time.time_ns() // 1_000_000


def accepted_or_reason(value: bytes | None) -> Sold | Rated | str:
    verdict = decode(value, NOW_MS, TimeLimits.at(NOW_MS, 400))
    return verdict if isinstance(verdict, Sold | Rated) else verdict.reason.value


@pytest.mark.parametrize("reason", INVALID)
def test_every_invalid_variant_earns_its_reason(reason: str) -> None:
    assert [accepted_or_reason(make(5)) for make in INVALID[reason]] == [reason] * len(INVALID[reason])


def test_the_consumer_makes_of_the_stream_what_is_expected() -> None:
    for message in generate(3000, products=50, seed=11, invalid=0.2, spread_seconds=3600, now_ms=NOW_MS):
        made = accepted_or_reason(message.value)
        if isinstance(made, Sold):
            made_numbers: object = (made.product, made.units, made.amount, made.time_ms)
        elif isinstance(made, Rated):
            made_numbers = (made.product, made.rating, made.category, made.time_ms)
        else:
            made_numbers = made
        expected = message.expected if isinstance(message.expected, str) else tuple(message.expected)
        assert made_numbers == expected
