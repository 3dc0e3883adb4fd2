"""`events find` without servers: what may be asked, and that a search has a deadline and says what it left out."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.errors import ExecutionTimeout, OperationFailure, ServerSelectionTimeoutError
from typer.testing import CliRunner

from scripts.events.__main__ import app
from scripts.events.budget import Budget, TimeOver


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["find", *arguments])
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("--at", "7"),
        ("--at", "7@x"),
        ("--at", "7@1", "--key", "k"),
        ("--at", "7@1", "--product", "3"),
        ("--key", "k", "--event-id", "i"),
        ("--at", "7@1", "--key", "k", "--product", "3"),
        ("--product", "-1"),
        ("--product", "9223372036854775808"),
        ("--product", "3", "--last", "0"),
        ("--product", "3", "--seconds", "0"),
        ("--key", "k", "--records", "0"),
    ],
)
def test_wrong_usage_ends_with_2(arguments: tuple[str, ...]) -> None:
    code, output, errors = run(*arguments)
    assert (code, output) == (2, "")
    assert "Usage" in errors


@pytest.mark.parametrize("arguments", [(), ("--at", "7@1", "--product", "3"), ("--key", "k", "--event-id", "i")])
def test_one_question_alone_is_asked_for_in_words(arguments: tuple[str, ...]) -> None:
    assert "say exactly one of --at, --key, --product and --event-id" in run(*arguments)[2]


def test_a_wrong_setting_ends_with_78(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGODB_URI", "nonsense")
    code, output, errors = run("--product", "3")
    assert (code, output) == (78, "")
    assert "MONGODB_URI" in errors


def test_it_ends_soon_where_nothing_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONGODB_URI", "mongodb://127.0.0.1:1/?replicaSet=rs0")
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "127.0.0.1:1")
    monkeypatch.setenv("MONGODB_TIMEOUT_MS", "500")
    for arguments in (("--at", "7@1"), ("--product", "3"), ("--event-id", "i"), ("--key", "k")):
        started = time.monotonic()
        code, _, errors = run(*arguments, "--seconds", "1")
        assert code in (1, 3)
        assert "MongoDB does not answer" in errors or "not searched to the end" in errors
        assert time.monotonic() - started < 15


def failing(error: Exception) -> Iterator[dict[str, Any]]:
    yield {"_id": 1}
    raise error


def test_what_was_found_in_time_stays() -> None:
    budget = Budget(10)
    assert budget.within("days were", failing(ExecutionTimeout("too long", 50))) == [{"_id": 1}]
    assert not budget.is_complete
    assert budget.notes == ["days were not searched to the end within 10 s; --seconds gives more time"]


def test_other_errors_are_raised() -> None:
    with pytest.raises(OperationFailure):
        Budget(10).within("days were", failing(OperationFailure("not authorized", 13)))


def test_after_its_time_nothing_is_asked() -> None:
    budget = Budget(0.01)
    time.sleep(0.02)
    assert budget.left == 0
    assert budget.within("days were", failing(AssertionError("it was asked"))) == []
    assert not budget.is_complete


def test_a_lookup_after_the_time_is_not_made_and_said() -> None:
    budget = Budget(0.01)
    time.sleep(0.02)
    with pytest.raises(TimeOver):
        budget.ask(lambda: pytest.fail("it was asked"))
    assert not budget.is_complete
    assert budget.notes == ["MongoDB was not asked for everything within 0.01 s; --seconds gives more time"]


def test_a_lookup_that_takes_longer_than_the_time_ends_with_it() -> None:
    def late() -> None:
        raise ExecutionTimeout("too long", 50)

    budget = Budget(10)
    with pytest.raises(TimeOver):
        budget.ask(late)
    assert not budget.is_complete
    assert budget.ask(lambda: 7) == 7


def test_a_database_that_is_away_is_not_taken_for_time_that_is_over() -> None:
    def away() -> None:
        raise ServerSelectionTimeoutError("nobody there")

    with pytest.raises(ServerSelectionTimeoutError):
        Budget(10).ask(away)
    with pytest.raises(ServerSelectionTimeoutError):
        Budget(10).within("days were", failing(ServerSelectionTimeoutError("nobody there")))


def test_what_came_before_the_time_was_over_is_kept() -> None:
    def findings() -> Iterator[int]:
        yield 1
        yield 2
        raise TimeOver

    assert Budget.in_time(findings()) == [1, 2]
