"""Defects of how messages become events."""

from tests.mutants.mutant import Edit, Mutant
from tests.mutants.scenarios import CLOCKS

MUTANTS = (
    Mutant(
        "events are rejected for their time by a clock that nobody compares",
        f"{CLOCKS}::test_a_consumers_clock_off_mongodbs[-1]",
        (
            Edit(
                "consumer/storage/committer.py",
                "self._clocks.check(*(taken.clock_now() for taken in batch.taken))",
                "pass",
            ),
        ),
    ),
)
