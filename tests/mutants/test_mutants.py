"""The seeded defects of `make mutants` still apply to the code as it is."""

from pathlib import Path

import pytest

from tests.mutants.catalogue import MUTANTS
from tests.mutants.mutant import Mutant, MutantOutOfDate, apply
from tests.support.process import ROOT


def copied(mutant: Mutant, folder: Path) -> None:
    """Copy the files that the mutant changes into `folder`."""
    for edit in mutant.edits:
        copy = folder / edit.file
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text((ROOT / edit.file).read_text())


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.defect)
def test_each_mutant_still_applies_and_leaves_valid_python(mutant: Mutant, tmp_path: Path) -> None:
    copied(mutant, tmp_path)
    apply(mutant, tmp_path)
    for edit in mutant.edits:
        changed = (tmp_path / edit.file).read_text()
        assert changed != (ROOT / edit.file).read_text()
        if edit.file.endswith(".py"):
            compile(changed, edit.file, "exec")
    test_file, _, test = mutant.scenario.rpartition("::")
    assert f"def {test.partition('[')[0]}(" in (ROOT / test_file).read_text()


def test_a_mutant_of_code_that_has_moved_says_so(tmp_path: Path) -> None:
    copied(MUTANTS[0], tmp_path)
    (tmp_path / MUTANTS[0].edits[0].file).write_text("other code")
    with pytest.raises(MutantOutOfDate, match=r"finds it 0 times: the code has moved"):
        apply(MUTANTS[0], tmp_path)
