"""What a mutant is, and how it is made in a copy of the project."""

from pathlib import Path
from typing import NamedTuple

from tests.faults.words import SCENARIOS


class MutantOutOfDate(Exception):
    """A mutant's text is not in its file exactly once: the code has moved."""


class Edit(NamedTuple):
    """Replaces `old`, which is in the file exactly once, by `new`."""

    file: str
    old: str
    new: str


class Mutant(NamedTuple):
    """One defect, said in words and as edits; `scenario` is the test that must fail for it, as pytest names it."""

    defect: str
    scenario: str
    edits: tuple[Edit, ...]

    @property
    def found_by(self) -> str:
        """The scenario in words: those of the fault suite, or else the test's name."""
        test = self.scenario.rpartition("::")[2].removeprefix("test_")
        return SCENARIOS.get(test, test.replace("_", " "))


def apply(mutant: Mutant, root: Path) -> None:
    """Make the mutant's edits in the tree at `root`. Raises MutantOutOfDate when a text is not there exactly once."""
    for edit in mutant.edits:
        path = root / edit.file
        text = path.read_text()
        if text.count(edit.old) != 1:
            raise MutantOutOfDate(
                f"{mutant.defect!r} looks for {edit.old!r} in {edit.file} and finds it {text.count(edit.old)} times: "
                "the code has moved, so say the same defect in its new words, in tests/mutants"
            )
        path.write_text(text.replace(edit.old, edit.new))
