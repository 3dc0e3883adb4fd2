"""After a signal the consumer ends in time, whatever hangs."""

import signal
import subprocess
import sys
import time

from tests.support.process import ROOT

# This process writes its log to a pipe that nobody reads. When the pipe is full, a line of the log waits for ever and
# holds the log's lock. The signals come while it waits.
HANGING = """
import os, signal, threading
from consumer.process import stopping
from shared import logs

stopping.STOP_SECONDS = 1.0
process = stopping.Stopping()
logs.configure("json", "info", "test")
process.on_signal(lambda: print("asked to stop", flush=True))
print("ready", flush=True)
while True:
    stopping.log.info("a line", text="x" * 1_000)
"""


def test_signals_end_a_process_in_time_whose_log_hangs() -> None:
    argv = [sys.executable, "-c", HANGING]
    with subprocess.Popen(argv, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as hanging:
        assert hanging.stdout is not None
        assert hanging.stdout.readline() == b"ready\n"
        started = time.monotonic()
        for _ in range(3):
            hanging.send_signal(signal.SIGTERM)
            hanging.send_signal(signal.SIGINT)
        assert hanging.stdout.readline() == b"asked to stop\n"
        try:
            assert hanging.wait(10) == 0
        finally:
            hanging.kill()
        assert time.monotonic() - started < 5
