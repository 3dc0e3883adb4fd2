"""Old days are sealed while late events of them arrive, and the consumers that seal them are killed and freeze."""

import pytest

from consumer.process.failpoints import SEAL_STEPS
from tests.faults.checks.month import MonthWatch
from tests.faults.conftest import Start
from tests.faults.injection.steps import die_and_freeze

SHORT_STEPS = ("seal_before_commit",)
"""The step of the short form: days are added to and hours deleted, and nothing is committed."""
SPREAD_SECONDS = 8 * 86_400
"""How far back a third of the events go: half of them belong to days that are due to be sealed."""
EARLY = {"SEAL_AFTER_HOURS": "50"}


@pytest.mark.timeout(900)
def test_old_days_are_sealed_while_consumers_die_and_freeze(start: Start, full: bool) -> None:
    """A consumer begins to seal as soon as it has partitions. One dies and one freezes at each step of the transaction;
    the frozen one's transaction stays open until the heir of its partitions ends it, and it wakes up afterwards.
    Meanwhile the API's answers about 30 days equal the raw events."""
    scenario = start(partitions=6, spread_seconds=SPREAD_SECONDS)
    with MonthWatch(scenario.group, scenario.folder) as watch, scenario.under_traffic(400):
        living = die_and_freeze(scenario, SEAL_STEPS if full else SHORT_STEPS, **EARLY)
    watch.check()
    scenario.finish(ask_all=True)
    assert [member.stop() for member in living] == [0, 0]
    sealed = scenario.group.database.rollup_days.count_documents({})
    assert sealed, "no day was sealed, so the scenario proved nothing"
