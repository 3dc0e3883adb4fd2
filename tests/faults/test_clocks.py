"""Clocks that differ from MongoDB's by an hour: both services report it, judge no event meanwhile, and recover."""

from functools import partial
from pathlib import Path

import pytest

from stack.errors import PartMissing
from stack.install import packages
from stack.waiting import wait_until
from tests.faults.conftest import Start
from tests.support.api.running import api_process
from tests.support.process import Running
from tests.support.servers import local

SEEN_SECONDS = 20.0
"""How long a service may take to notice that its clock changed."""


def faketime(file: Path) -> dict[str, str]:
    """Environment of a process with its clock shifted as `file` says (`-1h`). Skips where faketime cannot be had."""
    try:
        program = packages.require("faketime", "faketime", print)
    except PartMissing as missing:
        local.skip_or_fail(missing)
    (library,) = sorted(program.parent.parent.glob("lib/**/libfaketimeMT.so.1"))
    return {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(file),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }


def has_written(consumer: Running, text: str, times: int) -> bool:
    """Whether the consumer has written `text` at least `times` times."""
    return consumer.output.count(text) >= times


@pytest.mark.parametrize("hours", [-1, pytest.param(1, marks=pytest.mark.full)])
def test_a_consumers_clock_off_mongodbs(start: Start, tmp_path: Path, hours: int) -> None:
    """The clock is wrong when the consumer starts, and becomes wrong again while it reads."""
    scenario = start()
    clock = tmp_path / "clock"
    clock.write_text(f"{hours}")
    with scenario.under_traffic(200):
        consumer = scenario.consumer("tests.faults.injection.shifted", SHIFT_FILE=str(clock))
        consumer.wait_for_output("ClockSkewed")
        scenario.fault()
        assert scenario.handled == 0
        clock.write_text("0")
        scenario.wait_progress(200)
        clock.write_text(f"{hours}")
        consumer.wait_until("another pause", partial(has_written, consumer, "ClockSkewed", 2), SEEN_SECONDS)
        scenario.fault()
        clock.write_text("0")
        scenario.wait_progress(200)
    scenario.finish()
    assert "correct the clock" in consumer.output
    assert consumer.stop() == 0


@pytest.mark.parametrize("hours", [pytest.param(-1, marks=pytest.mark.full), 1])
def test_an_apis_clock_off_mongodbs(start: Start, tmp_path: Path, hours: int) -> None:
    scenario = start()
    clock = tmp_path / "clock"
    clock.write_text("+0")
    consumer = scenario.consumer()
    scenario.traffic.publish(100)
    group = scenario.group
    with api_process(group.mongo, group.database, tmp_path, **faketime(clock)) as (api, _):
        ready = partial(api.client.get, "/readyz")
        wait_until("readiness", lambda: ready().status_code == 200, SEEN_SECONDS)
        clock.write_text(f"{hours:+d}h")
        scenario.fault()
        wait_until("unreadiness", lambda: ready().status_code == 503, SEEN_SECONDS)
        assert "off MongoDB's" in ready().text
        clock.write_text("+0")
        wait_until("readiness again", lambda: ready().status_code == 200, SEEN_SECONDS)
    scenario.finish(ask_all=True)
    assert consumer.stop() == 0
