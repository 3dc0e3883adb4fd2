"""Consumers that are killed again and again, each replaced at once."""

import signal
import time
from collections import Counter
from itertools import cycle

from consumer.process.failpoints import BATCH_STEPS, CLAIM_STEPS, REBALANCE_STEPS
from tests.faults.scenario import Scenario
from tests.support.process import Running

MOST_PASSAGES = 3
"""A consumer dies when it passes its step for the first, second or third time."""
RANDOM_SHARE = 0.3
"""Of the consumers: those that are killed at a random moment instead of at a step."""
LIFE_SECONDS = (0.5, 5.0)
"""Bounds of the life of a consumer that is killed at a random moment: while it starts, or after many batches."""
PATIENCE_SECONDS = 15.0
"""A consumer that has not reached its step by then is killed where it happens to be."""


class Fleet:
    """`size` consumers, each of which is to die at another step. Only the main thread may use it."""

    def __init__(self, scenario: Scenario, size: int) -> None:
        self.died_at: Counter[str] = Counter()
        """Deaths by step, those at a random moment under `anywhere`."""
        self._scenario = scenario
        steps = list(CLAIM_STEPS + BATCH_STEPS + REBALANCE_STEPS[:3])
        scenario.choose.shuffle(steps)
        self._steps = cycle(steps)
        self._members = [self._start_one() for _ in range(size)]

    def tend(self) -> None:
        """Kill the consumers whose time is over; replace every consumer that has died. Call it again and again."""
        for index, (consumer, step, ends_at) in enumerate(self._members):
            if consumer.is_running and time.monotonic() < ends_at:
                continue
            cause = step
            if consumer.is_running:
                cause = "anywhere"
                consumer.kill()
            assert consumer.exit_code == -signal.SIGKILL, f"ended with {consumer.exit_code}:\n{consumer.output}"
            self.died_at[cause] += 1
            self._scenario.fault()
            self._members[index] = self._start_one()

    def kill(self) -> None:
        """Kill all of them and replace none."""
        for consumer, _, _ in self._members:
            consumer.kill()
        self._scenario.fault(len(self._members))

    def _start_one(self) -> tuple[Running, str, float]:
        """A started consumer, the step at which it is to die, and when it is killed at the latest (monotonic)."""
        choose = self._scenario.choose
        if choose.random() < RANDOM_SHARE:
            return self._scenario.consumer(), "anywhere", time.monotonic() + choose.uniform(*LIFE_SECONDS)
        step = next(self._steps)
        consumer = self._scenario.consumer(FAILPOINT=f"{step}:kill:{choose.randint(1, MOST_PASSAGES)}")
        return consumer, step, time.monotonic() + PATIENCE_SECONDS
