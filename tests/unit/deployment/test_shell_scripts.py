"""The pieces of Python in the shell scripts import what is there: a moved module would end a script, or skip tests."""

import re
import subprocess

import pytest

from tests.support.process import ROOT

IMPORT = re.compile(r"(?:^|')(from [a-z_.]+ import [a-z_A-Z, ]+)", re.MULTILINE)
TRACKED = subprocess.run(["git", "ls-files", "*.sh", ".ci"], cwd=ROOT, capture_output=True, text=True, check=True)
IMPORTS = [
    (name, statement)
    for name in TRACKED.stdout.split()
    for line in IMPORT.findall((ROOT / name).read_text())
    for statement in [line.strip()]
]


def test_there_are_some() -> None:
    assert {name for name, _ in IMPORTS} >= {"tests/compose/images.sh", "tests/compose/program.sh"}


@pytest.mark.parametrize(("name", "statement"), IMPORTS)
def test_what_a_script_imports_is_there(name: str, statement: str) -> None:
    exec(statement, {})  # noqa: S102  # our own scripts' own words
