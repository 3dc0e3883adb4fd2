"""docs/guarantees.md tells of every scenario of the fault suite and of every mutant, in the words that a run prints."""

import re

from consumer.process.failpoints import BATCH_STEPS, CLAIM_STEPS
from tests.faults.words import SCENARIOS
from tests.mutants.catalogue import MUTANTS
from tests.support.process import ROOT

GUARANTEES = (ROOT / "docs/guarantees.md").read_text()


def cells(header: str) -> list[list[str]]:
    """The rows of the table that begins with this header."""
    table = GUARANTEES.partition(f"\n{header}\n")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[1:]]


def test_every_scenario_has_words() -> None:
    texts = [path.read_text() for path in (ROOT / "tests/faults").rglob("test_*.py")]
    tests = {name for text in texts for name in re.findall(r"^def test_(\w+)\(", text, re.MULTILINE)}
    assert len(tests) > 20
    assert {name.partition("[")[0] for name in SCENARIOS} == tests


def test_every_step_has_words() -> None:
    assert all(f"a_death_at[{step}]" in SCENARIOS for step in (*CLAIM_STEPS, *BATCH_STEPS))


def test_no_two_scenarios_have_the_same_words() -> None:
    assert len(set(SCENARIOS.values())) == len(SCENARIOS)


def test_the_table_has_every_scenario() -> None:
    rows = cells("| group | scenario | faults | events | lost | duplicated | longest stall | invariant |")
    assert sorted(row[1] for row in rows if row[1] != "together") == sorted(SCENARIOS.values())


def test_the_table_has_every_mutant_and_the_test_that_finds_it() -> None:
    assert cells("| mutant | found by |") == [[mutant.defect, mutant.found_by] for mutant in MUTANTS]
