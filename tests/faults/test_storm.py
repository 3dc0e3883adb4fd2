"""Consumers that join and leave the group all the time."""

import signal
import time

import pytest

from stack.waiting import wait_until
from tests.faults.checks.ownership import MOVE_SECONDS, all_own
from tests.faults.conftest import Start
from tests.support.process import Running

MEMBERS, PARTITIONS = 6, 12
STORM_SECONDS, SHORT_STORM_SECONDS, BEAT_SECONDS = 60, 6, 1.0
"""The storm's length in both forms; each beat one consumer joins or leaves."""


@pytest.mark.timeout(400)
def test_a_storm_of_rebalances(start: Start, full: bool) -> None:
    """Each second one of six consumers joins or leaves; of those that leave, a fifth by kill -9."""
    scenario = start(partitions=PARTITIONS)
    choose = scenario.choose
    with scenario.under_traffic(400):
        members: list[Running | None] = [scenario.consumer() for _ in range(MEMBERS if full else 3)]
        for _ in range(STORM_SECONDS if full else SHORT_STORM_SECONDS):
            index = choose.randrange(len(members))
            leaves = members[index]
            if leaves is None:
                members[index] = scenario.consumer()
            else:
                leaves.send(signal.SIGKILL if choose.random() < 0.2 else signal.SIGTERM)
                members[index] = None
            scenario.fault()
            time.sleep(BEAT_SECONDS)  # not a wait for something: the rhythm is the fault
        last = [member or scenario.consumer() for member in members]
        wait_until("every member's share", lambda: all_own(scenario, last), MOVE_SECONDS)
    scenario.finish(ask_all=True)
    assert [member.stop() for member in last] == [0] * len(last)
