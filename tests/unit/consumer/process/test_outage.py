"""During an outage pauses grow up to a bound. The first success ends it, whether a batch's or a claim's."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest

from consumer.partitions.claimer import Claimer
from consumer.process.outage import MOST_DELAY_SECONDS, OutageBackoff
from shared.errors import DatabaseUnavailable

AWAY = DatabaseUnavailable("away")


@pytest.fixture
def database_thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as database_thread:
        yield database_thread


def test_pauses_grow_and_stay_bounded() -> None:
    backoff = OutageBackoff()
    pauses = [backoff.failed(AWAY) - time.monotonic() for _ in range(20)]
    is_failing = backoff.failing
    assert is_failing
    assert pauses[0] < 0.3
    assert all(MOST_DELAY_SECONDS / 2 - 0.5 < pause <= MOST_DELAY_SECONDS for pause in pauses[10:])
    backoff.succeeded()
    assert not backoff.failing
    assert backoff.failed(AWAY) - time.monotonic() < 0.3


def test_a_batch_that_is_committed_ends_an_outage(database_thread: ThreadPoolExecutor) -> None:
    """A round of claims may have failed before it, and the next round may be long in coming."""
    backoff = OutageBackoff()
    nobody = cast("Any", None)  # the claimer uses none of them here
    claimer = Claimer(nobody, nobody, nobody, nobody, backoff, database_thread)
    backoff.failed(AWAY)
    answered = claimer.database_answers
    claimer.committed()
    assert (answered, claimer.database_answers) == (False, True)
