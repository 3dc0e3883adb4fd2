"""Events that are published twice, without a key, so that two consumers meet with one id, while consumers fail."""

import signal
from functools import partial

import pytest

from consumer.process.failpoints import BATCH_STEPS
from stack.waiting import wait_until
from tests.faults.checks import behaviour
from tests.faults.checks.ownership import MOVE_SECONDS, all_own, is_frozen, own_nothing
from tests.faults.conftest import Start

SHORT_STEPS = ("after_event_ids", "after_commit")
"""The steps of the short form: with ids that are inserted and not committed, and with ids that are committed."""


@pytest.mark.timeout(900)
def test_what_is_published_twice_counts_once_while_consumers_die_and_freeze(start: Start, full: bool) -> None:
    """Beside two consumers that live, one dies and one freezes at each step of a transaction. The frozen one's ids are
    neither committed nor gone until a claim ends its transaction, and it wakes up when others have counted them."""
    scenario = start(partitions=6, with_ids=True)
    steps = list(BATCH_STEPS if full else SHORT_STEPS)
    scenario.choose.shuffle(steps)
    with scenario.under_traffic(400):
        living = [scenario.consumer(), scenario.consumer()]
        wait_until("two owners", partial(all_own, scenario, living), MOVE_SECONDS)
        for step in steps:
            victim = scenario.consumer(FAILPOINT=f"{step}:kill:{scenario.choose.randint(1, 3)}")
            zombie = scenario.consumer(FAILPOINT=f"{step}:stop:{scenario.choose.randint(1, 3)}")
            assert victim.wait(MOVE_SECONDS) == -signal.SIGKILL
            scenario.fault()
            zombie.wait_until(f"being frozen at {step}", partial(is_frozen, zombie), MOVE_SECONDS)
            wait_until("its end", partial(own_nothing, scenario, [zombie]), MOVE_SECONDS)
            scenario.wait_progress(200)
            zombie.thaw()
            scenario.fault()
            zombie.wait_for_output("partitions lost")
            assert zombie.stop() == 0
        for member in living:
            behaviour.check_takeovers(member)
    scenario.finish(ask_all=True)
    assert [member.stop() for member in living] == [0, 0]
