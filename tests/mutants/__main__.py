"""`make mutants`: seed one defect after another into a copy of the project, and print which test finds it.

First the tests run on the code as it is: a test that fails anyway would seem to find every defect.

Exit codes: 0 every mutant was found · 1 a mutant survived, or a test fails without any mutant.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from rich import box
from rich.console import Console
from rich.table import Table

from stack.settings import StackSettings
from tests.mutants.catalogue import MUTANTS
from tests.mutants.mutant import Mutant, apply
from tests.support.process import ROOT

TESTS_FAILED = 1
"""pytest's exit code for failed tests, as against errors of pytest's own."""
SCENARIO_SECONDS = 300
"""A test that takes longer than this, as some mutants make it, counts as an error and ends the run."""
NOT_COPIED = (".git", ".venv", ".state", "__pycache__", ".*_cache", ".hypothesis")

app = typer.Typer(help=__doc__, add_completion=False, rich_markup_mode="markdown")
console = Console(width=180)


class Verdict(NamedTuple):
    """Whether a mutant's test failed, the first line of the failure, and how long the test took."""

    mutant: Mutant
    found: bool
    why: str
    seconds: float


@app.command()
def main(
    only: Annotated[str, typer.Option(help="Only mutants whose description contains this text.")] = "",
    workers: Annotated[int, typer.Option(min=1, help="How many mutants are tried at once.")] = 2,
) -> None:
    """Try every mutant, and end with 1 if any survives."""
    chosen = [mutant for mutant in MUTANTS if only in mutant.defect]
    with scratch_copy() as root:
        tests = dict.fromkeys(mutant.scenario for mutant in chosen)
        parallel = ("--numprocesses", str(workers), "--dist", "loadfile")
        code, output = run(root, (*parallel, *tests), SCENARIO_SECONDS * len(tests))
    if code:
        console.print(output, markup=False)
        console.print("A test fails without any mutant, so it proves nothing.")
        raise typer.Exit(1)
    console.print("Every test holds without mutants.")
    table = Table("mutant", "found by", box=box.MARKDOWN)
    survivors = 0
    with ThreadPoolExecutor(workers) as pool:
        for number, (mutant, found, why, seconds) in enumerate(pool.map(attempt, chosen), 1):
            survivors += not found
            table.add_row(mutant.defect, mutant.found_by if found else "SURVIVED")
            verdict = "found" if found else "SURVIVED"
            line = f"{number}/{len(chosen)} {mutant.defect}: {verdict}, {seconds:.0f} s; {why}"
            console.print(line, markup=False)
    console.print(table)
    raise typer.Exit(1 if survivors else 0)


@contextmanager
def scratch_copy() -> Iterator[Path]:
    """A copy of the project, deleted when the block ends."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        root = Path(folder) / "project"
        shutil.copytree(ROOT, root, ignore=shutil.ignore_patterns(*NOT_COPIED))
        yield root


def attempt(mutant: Mutant) -> Verdict:
    """Make the mutant in a copy of the project, and run its test there."""
    started = time.monotonic()
    with scratch_copy() as root:
        apply(mutant, root)
        code, output = run(root, [mutant.scenario], SCENARIO_SECONDS)
    # pytest marks the lines of a failure with an E, except those of an exception group; its summary names each failure.
    lines = output.splitlines()
    failures = [line for line in lines if line.startswith(("FAILED ", "ERROR "))]
    why = [line.removeprefix("E").strip() for line in lines if line.startswith("E  ")] + failures
    found = code == TESTS_FAILED and bool(failures)
    return Verdict(mutant, found, why[0][:160] if why else output[-200:], time.monotonic() - started)


def run(root: Path, arguments: Iterable[str], seconds: float) -> tuple[int, str]:
    """Run tests of the copy, with the servers that this tree has downloaded. Returns pytest's exit code and output."""
    command = (sys.executable, "-m", "pytest", "-x", "-q", "--faults=full", "-p", "no:cacheprovider", *arguments)
    environment = {**os.environ, "STACK_STATE": str(StackSettings().state.resolve())}
    done = subprocess.run(
        command, cwd=root, env=environment, capture_output=True, text=True, timeout=seconds, check=False
    )
    return done.returncode, done.stdout + done.stderr


if __name__ == "__main__":
    app()
