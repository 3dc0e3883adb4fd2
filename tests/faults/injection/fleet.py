"""Consumers that are killed again and again, and started again at once."""

import signal
import time
from collections import Counter
from itertools import cycle

from consumer.process.failpoints import BATCH_STEPS, CLAIM_STEPS, REBALANCE_STEPS
from tests.faults.scenario import Scenario
from tests.support.process import Running

MOST_PASSAGES = 3
RANDOM_SHARE = 0.3
LIFE_SECONDS = (0.5, 5.0)
"""Of a consumer that dies at a random moment."""
PATIENCE_SECONDS = 15.0
"""A consumer whose failpoint is not passed by then is killed where it happens to be."""


class Fleet:
    """So many consumers, each to die at a step of its own; used from the main thread."""

    def __init__(self, scenario: Scenario, size: int) -> None:
        self.died_at: Counter[str] = Counter()
        """Deaths by step; `anywhere` are those at a random moment."""
        self._scenario = scenario
        steps = list(CLAIM_STEPS + BATCH_STEPS + REBALANCE_STEPS[:3])
        scenario.choose.shuffle(steps)
        self._steps = cycle(steps)
        self._members = [self._born() for _ in range(size)]

    def tend(self) -> None:
        """Kill who has lived long enough, note who died, start another in its place."""
        for place, (consumer, step, ends_at) in enumerate(self._members):
            if consumer.is_running and time.monotonic() < ends_at:
                continue
            cause = step
            if consumer.is_running:
                cause = "anywhere"
                consumer.kill()
            assert consumer.exit_code == -signal.SIGKILL, f"ended with {consumer.exit_code}:\n{consumer.output}"
            self.died_at[cause] += 1
            self._scenario.fault()
            self._members[place] = self._born()

    def kill(self) -> None:
        """The last death of each."""
        for consumer, _, _ in self._members:
            consumer.kill()
        self._scenario.fault(len(self._members))

    def _born(self) -> tuple[Running, str, float]:
        choose = self._scenario.choose
        if choose.random() < RANDOM_SHARE:
            return self._scenario.consumer(), "anywhere", time.monotonic() + choose.uniform(*LIFE_SECONDS)
        step = next(self._steps)
        consumer = self._scenario.consumer(FAILPOINT=f"{step}:kill:{choose.randint(1, MOST_PASSAGES)}")
        return consumer, step, time.monotonic() + PATIENCE_SECONDS
