"""A duty goes on whatever its work raises, ends when it is told to, and puts away what it holds."""

import threading
from collections.abc import Callable

import pytest
from pymongo.errors import PyMongoError

from consumer.process.duty import Duty
from shared.errors import DatabaseUnavailable
from stack.waiting import wait_until


class Counting(Duty):
    """Counts its calls. Each one raises the next of `errors`, as long as there are some."""

    def __init__(self, *errors: Exception, first_seconds: float = 0.0) -> None:
        super().__init__("counting", "numbers wait to be counted", again_seconds=0.01, first_seconds=first_seconds)
        self.errors = list(errors)
        self.calls = 0
        self.finished = threading.Event()

    def work(self) -> float:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return 0.01

    def finish(self) -> None:
        self.finished.set()


def ended(duty: Counting, after: Callable[[], bool]) -> Counting:
    """Run a duty until something holds, then end it."""
    duty.start()
    wait_until("its work", after, 20)
    duty.stop()
    assert duty.finished.wait(20)
    return duty


@pytest.mark.parametrize("error", [PyMongoError("away"), DatabaseUnavailable("away"), KeyError("lsid")])
def test_an_error_is_logged_and_the_work_goes_on(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    duty = Counting(error)
    ended(duty, lambda: duty.calls >= 3)
    assert "numbers wait to be counted" in capsys.readouterr().out


def test_a_duty_that_is_to_wait_at_first_can_be_stopped_before() -> None:
    duty = Counting(first_seconds=60)
    assert ended(duty, lambda: True).calls == 0


def test_a_stop_does_not_wait_for_work_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("consumer.process.duty.STOP_SECONDS", 0.05)
    hanging = threading.Event()

    class Hanging(Counting):
        def work(self) -> float:
            self.calls += 1
            assert hanging.wait(20)
            return 0.0

    duty = Hanging()
    duty.start()
    wait_until("its work", lambda: duty.calls == 1, 20)
    duty.stop()
    assert not duty.finished.is_set()
    hanging.set()
    assert duty.finished.wait(20)
