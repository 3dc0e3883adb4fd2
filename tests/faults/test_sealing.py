"""Old days are sealed while late events of them arrive, and the consumers that seal them are killed and freeze."""

import signal
from functools import partial

import pytest

from consumer.process.failpoints import SEAL_STEPS
from stack.waiting import wait_until
from tests.faults.checks.ownership import MOVE_SECONDS, all_own, is_frozen, own_nothing
from tests.faults.conftest import Start

SHORT_STEPS = ("seal_before_commit",)
"""The step of the short form: days are added to and hours deleted, and nothing is committed."""
SPREAD_SECONDS = 8 * 86_400
"""How far back a third of the events go: half of them belong to days that are due to be sealed."""
EARLY = {"SEAL_AFTER_HOURS": "50"}


@pytest.mark.timeout(900)
def test_old_days_are_sealed_while_consumers_die_and_freeze(start: Start, full: bool) -> None:
    """A consumer begins to seal as soon as it has partitions. One dies and one freezes at each step of the transaction;
    the frozen one's transaction stays open until the heir of its partitions ends it, and it wakes up afterwards."""
    scenario = start(partitions=6, spread_seconds=SPREAD_SECONDS)
    steps = list(SEAL_STEPS if full else SHORT_STEPS)
    scenario.choose.shuffle(steps)
    with scenario.under_traffic(400):
        living = [scenario.consumer(**EARLY), scenario.consumer(**EARLY)]
        wait_until("two owners", partial(all_own, scenario, living), MOVE_SECONDS)
        for step in steps:
            victim = scenario.consumer(FAILPOINT=f"{step}:kill:{scenario.choose.randint(1, 3)}", **EARLY)
            zombie = scenario.consumer(FAILPOINT=f"{step}:stop:{scenario.choose.randint(1, 3)}", **EARLY)
            assert victim.wait(MOVE_SECONDS) == -signal.SIGKILL
            scenario.fault()
            zombie.wait_until(f"being frozen at {step}", partial(is_frozen, zombie), MOVE_SECONDS)
            wait_until("its end", partial(own_nothing, scenario, [zombie]), MOVE_SECONDS)
            scenario.wait_progress(200)
            zombie.thaw()
            scenario.fault()
            zombie.wait_for_output("partitions lost")
            assert zombie.stop() == 0
    scenario.finish(ask_all=True)
    assert [member.stop() for member in living] == [0, 0]
    sealed = scenario.group.database.rollup_days.count_documents({})
    assert sealed, "no day was sealed, so the scenario proved nothing"
