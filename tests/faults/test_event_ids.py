"""Events that are published twice, without a key, so that two consumers meet with one id, while consumers fail."""

import pytest

from consumer.process.failpoints import BATCH_STEPS
from tests.faults.checks import behaviour
from tests.faults.conftest import Start
from tests.faults.injection.steps import die_and_freeze

SHORT_STEPS = ("after_event_ids", "after_commit")
"""The steps of the short form: with ids that are inserted and not committed, and with ids that are committed."""


@pytest.mark.timeout(900)
def test_what_is_published_twice_counts_once_while_consumers_die_and_freeze(start: Start, full: bool) -> None:
    """Beside two consumers that live, one dies and one freezes at each step of a transaction. The frozen one's ids are
    neither committed nor gone until a claim ends its transaction, and it wakes up when others have counted them."""
    scenario = start(partitions=6, with_ids=True)
    with scenario.under_traffic(400):
        living = die_and_freeze(scenario, BATCH_STEPS if full else SHORT_STEPS)
        for member in living:
            behaviour.check_takeovers(member)
    scenario.finish(ask_all=True)
    assert [member.stop() for member in living] == [0, 0]
