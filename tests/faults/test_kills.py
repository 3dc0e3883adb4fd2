"""Consumers killed by kill -9, at random and at each step of a claim, a transaction and a rebalance."""

import signal

import pytest

from consumer.process.failpoints import BATCH_STEPS, CLAIM_STEPS
from stack.waiting import wait_until
from tests.faults.conftest import Start
from tests.faults.injection.fleet import Fleet

ALL_STEPS = (*CLAIM_STEPS, *BATCH_STEPS)
SHORT_STEPS = ("before_commit", "after_commit")
KILLS, SHORT_KILLS = 200, 10
"""Deaths in the full form and in the short one."""


@pytest.mark.timeout(1500)
def test_kill_9_at_every_step_and_at_random(start: Start, full: bool) -> None:
    scenario = start(partitions=6)
    with scenario.under_traffic():
        fleet = Fleet(scenario, size=3)
        goal, steps = (KILLS, set(ALL_STEPS)) if full else (SHORT_KILLS, set())

        def enough() -> bool:
            fleet.tend()
            return scenario.row.faults >= goal and steps <= fleet.died_at.keys()

        wait_until(f"{goal} deaths, some at each of {steps}", enough, 1_200 if full else 120)
        fleet.kill()
        heirs = [scenario.consumer(), scenario.consumer()]
    scenario.finish(ask_all=True)
    assert [heir.stop() for heir in heirs] == [0, 0]


@pytest.mark.parametrize(
    "step", [step if step in SHORT_STEPS else pytest.param(step, marks=pytest.mark.full) for step in ALL_STEPS]
)
def test_a_death_at(start: Start, step: str) -> None:
    """A single consumer dies when it passes the step for the fourth time; no other hides what it leaves behind."""
    scenario = start(with_ids=True)
    scenario.traffic.publish(1_000)
    first = scenario.consumer(FAILPOINT=f"{step}:kill:4")
    assert first.wait(60) == -signal.SIGKILL
    scenario.fault()
    heir = scenario.consumer()
    scenario.finish()
    assert heir.stop() == 0
