"""A signal ends a publisher that waits for input."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from stack.waiting import wait_until
from tests.support.process import ROOT


@pytest.fixture
def waiting() -> Iterator["subprocess.Popen[bytes]"]:
    """A publisher that waits for the next line of its standard input."""
    argv = [sys.executable, "-m", "scripts.publish", "file", "-", "--timeout", "1"]
    process = subprocess.Popen(
        argv, cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env={"KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    )
    yield process
    process.kill()
    process.communicate()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_even_a_wait_for_input(
    waiting: "subprocess.Popen[bytes]", number: signal.Signals, code: int
) -> None:
    assert waiting.stderr is not None
    wait_until_it_handles_signals(waiting.pid)
    waiting.send_signal(number)
    assert waiting.wait(20) == code
    assert b"0 messages published" in waiting.stderr.read()


def wait_until_it_handles_signals(pid: int) -> None:
    """Wait until the process has its own handler for SIGTERM, which the kernel shows as a bit of its status."""

    def handles() -> bool:
        status = Path(f"/proc/{pid}/status").read_text()
        caught = next(line for line in status.splitlines() if line.startswith("SigCgt"))
        return bool(int(caught.split()[1], 16) & 1 << (signal.SIGTERM - 1))

    wait_until("the publisher's own handler of SIGTERM", handles, 20)
