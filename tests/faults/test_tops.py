"""An instance of the API follows what consumers add while they are killed and freeze: its tops are right, or 503."""

import signal
import time
from collections import deque
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Final

import httpx
import pytest

from stack.waiting import wait_until
from tests.faults.checks.ownership import MOVE_SECONDS, is_frozen, own_nothing
from tests.faults.conftest import Start
from tests.faults.traffic import PRODUCTS
from tests.support.api.answers import exact, samples
from tests.support.api.running import Api, api_process
from tests.support.process import Running

SHORT_STEPS = ("before_commit",)
STEPS = ("before_offsets", "after_events", "before_commit", "after_commit")
BEHIND_SECONDS: Final = 6.0
"""So far a top may be behind the sums in MongoDB: it answers for 1.5 s after a round, which takes seconds itself where
a machine is very busy. At half, such a machine fails the test; at twice, most checks beside a fault compare nothing."""
CHECKS: Final = 15
"""Tops that are compared under load beside each fault: some seconds of them."""
MOST_LOADED: Final = 3
"""Boards that are loaded: the first one, and within the test's 15 minutes at most those of the next two hours."""

Totals = dict[int, Decimal]


class Watched:
    """A board of the last seven days, whose sums only grow, so that a top lies between the totals before and after."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._seen: deque[tuple[float, Totals]] = deque()
        self._answers = 0

    def check(self) -> None:
        """Assert that a top under load is no greater than the totals, and no further behind them than it may be."""
        asked_at = time.monotonic()
        first = self._first()
        self._seen.append((time.monotonic(), totals := self._totals()))
        while len(self._seen) > 1 and self._seen[1][0] < asked_at - BEHIND_SECONDS:
            self._seen.popleft()
        if first is None:
            return
        self._answers += 1
        read_at, earlier = self._seen[0]
        for product, value in first:
            least = earlier.get(product, 0) if read_at < asked_at - BEHIND_SECONDS else 0
            assert least <= value <= totals[product], f"{product}: {value} is not from {least} to {totals[product]}"

    def check_loads(self) -> None:
        """Assert that the board followed all batches. One that finds a gap is loaded anew, which no answer shows."""
        assert self._answers
        (loaded,) = samples(self._api.client.get("/metrics"), "api_top_boards_loaded_total")
        assert 1 <= loaded.value <= MOST_LOADED

    def check_quiet(self) -> None:
        """Assert that the top is that of the totals, digit for digit, once no consumer writes."""
        wait_until("the top of the totals", lambda: self._first() == self._ranked(), 60)

    def _ranked(self) -> list[tuple[int, Decimal]]:
        """What the top has to be. A commit that was under way when its consumer died may still come."""
        first = sorted((-value, product) for product, value in self._totals().items() if value)[:100]
        return [(product, -negative) for negative, product in first]

    def _first(self) -> list[tuple[int, Decimal]] | None:
        """The top; None where there is none yet."""
        response = self._api.get("/api/product/top?window=7d&limit=100")
        if response.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            return None
        return [(row["id"], row["value"]) for row in exact(response)]

    def _totals(self) -> Totals:
        """The totals by the exact reader, of all products that may have events."""
        found: Totals = {}
        for start in range(0, PRODUCTS + 1, 100):
            ids = ",".join(map(str, range(start, start + 100)))
            totals = exact(self._api.get(f"/api/product/sale?window=7d&ids={ids}"))["totals"]
            found |= {int(product): value for product, value in totals.items() if value is not None}
        return found


@pytest.mark.timeout(900)
def test_tops_are_right_or_away_while_consumers_die_and_freeze(start: Start, tmp_path: Path, full: bool) -> None:
    """At each step one consumer dies and one freezes, whose transaction its heir ends. Then nobody writes for a while,
    and after that another consumer reads on."""
    scenario = start()
    group = scenario.group
    # A patient API: on a busy machine totals take more than the second that is usual, and a 503 compares nothing.
    more = {"KAFKA_TOPIC": group.topic, "GROUP_ID": group.topic, "MONGODB_TIMEOUT_MS": "10000"}
    with api_process(group.mongo, group.database, tmp_path, **more) as (api, _):
        watched = Watched(api)
        with scenario.under_traffic(200):
            for step in STEPS if full else SHORT_STEPS:
                for cause in ("kill", "stop"):
                    victim = scenario.consumer(FAILPOINT=f"{step}:{cause}:{scenario.choose.randint(5, 15)}")
                    _wait_gone(victim, cause)
                    scenario.fault()
                    heir = scenario.consumer()
                    scenario.wait_progress(100)
                    for _ in range(CHECKS):
                        watched.check()
                    if cause == "stop":
                        wait_until("its end", partial(own_nothing, scenario, [victim]), MOVE_SECONDS)
                        victim.thaw()
                        assert victim.stop() == 0
                    heir.send(signal.SIGKILL)
                    heir.wait(MOVE_SECONDS)
                    watched.check_quiet()
        last = scenario.consumer()
        scenario.wait_handled()
        watched.check_quiet()
        watched.check_loads()
    scenario.finish(ask_all=True)
    assert last.stop() == 0


def _wait_gone(victim: Running, cause: str) -> None:
    if cause == "kill":
        assert victim.wait(MOVE_SECONDS) == -signal.SIGKILL
    else:
        victim.wait_until("being frozen", partial(is_frozen, victim), MOVE_SECONDS)
