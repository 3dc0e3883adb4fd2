"""`make mutants`: seed one defect after another into a copy of the project, and print which scenario finds it.

First the scenarios run on the code as it is: a scenario that fails anyway would seem to find every defect.

Exit codes: 0 every mutant was found · 1 a mutant survived, or a scenario fails without any mutant.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from stack.settings import StackSettings
from tests.faults.mutants import MUTANTS, Mutant, apply
from tests.faults.words import in_words
from tests.support.process import ROOT

TESTS_FAILED = 1
"""pytest's exit code for failed tests, as against errors of pytest's own."""
SCENARIO_SECONDS = 300
"""A scenario that takes longer than this, as some mutants make it, counts as an error and ends the run."""
NOT_COPIED = (".git", ".venv", ".state", "__pycache__", ".*_cache", ".hypothesis")

app = typer.Typer(help=__doc__, add_completion=False, rich_markup_mode="markdown")
console = Console(width=180)


@app.command()
def main(
    only: Annotated[str, typer.Option(help="Only mutants whose description contains this text.")] = "",
) -> None:
    """Try every mutant, and end with 1 if any survives."""
    chosen = [mutant for mutant in MUTANTS if only in mutant.defect]
    table = Table("mutant", "found by", box=box.MARKDOWN)
    survivors = 0
    with scratch_copy() as root:
        code, output = run(root, dict.fromkeys(mutant.scenario for mutant in chosen), SCENARIO_SECONDS * len(chosen))
        if code:
            console.print(output, markup=False)
            console.print("A scenario fails without any mutant, so it proves nothing.")
            raise typer.Exit(1)
        console.print("Every scenario holds without mutants.")
        for number, mutant in enumerate(chosen, 1):
            started = time.monotonic()
            found, why = attempt(root, mutant)
            survivors += not found
            table.add_row(mutant.defect, in_words(mutant.scenario.partition("::")[2]) if found else "SURVIVED")
            verdict = "found" if found else "SURVIVED"
            took = time.monotonic() - started
            console.print(f"{number}/{len(chosen)} {mutant.defect}: {verdict}, {took:.0f} s; {why}", markup=False)
    console.print(table)
    raise typer.Exit(1 if survivors else 0)


@contextmanager
def scratch_copy() -> Iterator[Path]:
    """A copy of the project, deleted when the block ends."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        root = Path(folder) / "project"
        shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(*NOT_COPIED))
        yield root


def attempt(root: Path, mutant: Mutant) -> tuple[bool, str]:
    """Whether the mutant's scenario fails, and the first line of the failure. Restores the copy afterwards."""
    apply(mutant, root)
    try:
        code, output = run(root, [mutant.scenario], SCENARIO_SECONDS)
    finally:
        for edit in mutant.edits:
            shutil.copy(ROOT / edit.file, root / edit.file)
    reasons = [line.removeprefix("E").strip() for line in output.splitlines() if line.startswith("E  ")]
    return code == TESTS_FAILED and bool(reasons), reasons[0][:160] if reasons else output[-200:]


def run(root: Path, scenarios: Iterable[str], seconds: float) -> tuple[int, str]:
    """Run tests of the copy, with the servers that this tree has downloaded. Returns pytest's exit code and output."""
    command = (sys.executable, "-m", "pytest", "-x", "-q", "--faults=full", "-p", "no:cacheprovider", *scenarios)
    environment = {**os.environ, "STACK_STATE": str(StackSettings().state.resolve())}
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, timeout=seconds, check=False
    )
    return done.returncode, done.stdout + done.stderr


if __name__ == "__main__":
    app()
