"""At each step of a transaction a consumer dies and another one freezes, while two consumers live."""

import signal
from collections.abc import Iterable
from functools import partial

from stack.waiting import wait_until
from tests.faults.checks.ownership import MOVE_SECONDS, all_own, is_frozen, own_nothing
from tests.faults.scenario import Scenario
from tests.support.process import Running


def die_and_freeze(scenario: Scenario, steps: Iterable[str], **settings: str) -> list[Running]:
    """Start two consumers that live, and take the steps in a random order. Returns the living ones.

    The one that freezes at a step keeps its transaction open until others have taken its partitions over and ended it;
    then it wakes up. `settings` are those of all these consumers. The scenario must be under traffic.
    """
    living = [scenario.consumer(**settings), scenario.consumer(**settings)]
    wait_until("two owners", partial(all_own, scenario, living), MOVE_SECONDS)
    shuffled = list(steps)
    scenario.choose.shuffle(shuffled)
    for step in shuffled:
        victim = scenario.consumer(FAILPOINT=f"{step}:kill:{scenario.choose.randint(1, 3)}", **settings)
        zombie = scenario.consumer(FAILPOINT=f"{step}:stop:{scenario.choose.randint(1, 3)}", **settings)
        assert victim.wait(MOVE_SECONDS) == -signal.SIGKILL
        scenario.fault()
        zombie.wait_until(f"being frozen at {step}", partial(is_frozen, zombie), MOVE_SECONDS)
        wait_until("its end", partial(own_nothing, scenario, [zombie]), MOVE_SECONDS)
        scenario.wait_progress(200)
        zombie.thaw()
        scenario.fault()
        zombie.wait_for_output("partitions lost")
        assert zombie.stop() == 0
    return living
