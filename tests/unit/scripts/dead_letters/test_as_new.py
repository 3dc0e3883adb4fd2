"""`replay --as-new` counts what counted already, so it wants to be told which letters."""

import pytest

from tests.support.commands.audit import script

NOWHERE = {"MONGODB_URI": "mongodb://127.0.0.1:1/?replicaSet=none", "MONGODB_TIMEOUT_MS": "200", "COLUMNS": "200"}


@pytest.mark.parametrize("arguments", [["--as-new"], ["--as-new", "--all"]])
def test_as_new_needs_a_choice(arguments: list[str]) -> None:
    result = script("dead_letters", NOWHERE, "replay", *arguments)
    assert result.returncode == 2
    assert "say which letters" in result.stderr


def test_with_a_choice_it_goes_on_to_mongodb() -> None:
    result = script("dead_letters", NOWHERE, "replay", "--as-new", "3:5")
    assert (result.returncode, "MongoDB" in result.stderr) == (1, True)


def test_its_help_says_so() -> None:
    help_ = script("dead_letters", NOWHERE, "replay", "--help").stdout
    assert "--as-new" in help_
    assert "alone is not enough" in help_
