"""Connections to MongoDB that break around a command, replies that get lost, a network that swallows everything."""

from functools import partial
from itertools import product

import pytest

from stack.waiting import wait_until
from tests.faults.checks.behaviour import paused_again
from tests.faults.conftest import Start
from tests.faults.injection.proxy import Proxy, When
from tests.faults.scenario import Scenario
from tests.support.process import Running

CUTS, SHORT_CUTS = 110, 16
"""Cut connections in the full form and in the short one."""
LONGEST_CALL_SECONDS = 15.0
"""No call to MongoDB may take longer; docs/guarantees.md promises this bound."""
FAILED, ENDLESS = "a batch failed", 1_000_000

OF_A_START = ("listCollections", "create")
OF_A_BATCH = ("update", "insert", "commitTransaction")
OF_A_CLAIM = ("abortTransaction", "find", "killSessions", "findAndModify")
"""With `abortTransaction`, by which the consumer ends the batch that a claim elsewhere has fenced."""
OF_ALWAYS = ("hello",)
KINDS: tuple[When, ...] = ("before", "after")


def provoke_claims(scenario: Scenario) -> None:
    """Raise every epoch, as claims of another consumer do. The consumers are fenced and claim again."""
    scenario.group.database.partitions.update_many({}, {"$inc": {"epoch": 1}})


def failed_again(consumer: Running, failures: int) -> bool:
    """Whether the consumer has logged more than `failures` times that a batch failed."""
    return consumer.output.count(FAILED) > failures


def cut_and_wait(scenario: Scenario, proxy: Proxy, command: str, when: When, times: int) -> None:
    """Cut the next `times` of these commands, and wait until that has happened."""
    before = proxy.faults
    if command in OF_A_CLAIM:
        # Only a partition that is read has a batch to end: the claims that were provoked last must be over.
        scenario.wait_progress(50)
    proxy.cut(command, when, times)
    if command in OF_A_CLAIM:
        provoke_claims(scenario)
    wait_until(f"{times} cuts {when} {command}", lambda: proxy.faults >= before + times, 60)
    scenario.fault(times)


@pytest.mark.timeout(600)
def test_connections_cut_before_and_after_each_command(start: Start, full: bool, proxy: Proxy) -> None:
    scenario = start(partitions=4)
    schedule = [(command, when, 1) for command in (*OF_ALWAYS, *OF_A_CLAIM, *OF_A_BATCH) for when in KINDS]
    scenario.choose.shuffle(schedule)
    with scenario.under_traffic(400):
        for command, when in product(OF_A_START, KINDS):
            proxy.cut(command, when)
        consumers = [scenario.consumer(MONGODB_URI=proxy.uri) for _ in range(2)]
        wait_until("a cut around each command of a start", lambda: proxy.faults >= len(OF_A_START) * len(KINDS), 60)
        scenario.fault(proxy.faults)
        scenario.wait_progress(200)
        for command, when, times in schedule:
            cut_and_wait(scenario, proxy, command, when, times)
        while scenario.row.faults < (CUTS if full else SHORT_CUTS):
            choose = scenario.choose
            cut_and_wait(scenario, proxy, choose.choice(OF_A_BATCH), choose.choice(KINDS), choose.randint(1, 3))
        scenario.wait_progress(200)
    scenario.finish(ask_all=True)
    assert [consumer.stop() for consumer in consumers] == [0, 0]


@pytest.mark.parametrize("when", ["after", "swallow"])
def test_replies_to_commits_that_are_lost(start: Start, full: bool, proxy: Proxy, when: When) -> None:
    """MongoDB committed and the consumer cannot know. It finds out by the stored offset, and writes nothing twice."""
    scenario = start(partitions=4)
    with scenario.under_traffic(400):
        consumer = scenario.consumer(MONGODB_URI=proxy.uri)
        scenario.wait_progress(200)
        for _ in range(4 if full else 1):
            failures = consumer.output.count(FAILED)
            # The driver commits again by itself until its deadline. Only then must the consumer find the outcome.
            proxy.cut("commitTransaction", when, ENDLESS)
            wait_until("an unknown outcome", partial(failed_again, consumer, failures), 30)
            proxy.forget()
            scenario.fault()
            scenario.wait_progress(100)
    scenario.finish()
    assert proxy.longest_wait_seconds <= LONGEST_CALL_SECONDS
    assert consumer.stop() == 0


def test_a_black_hole_hangs_no_call(start: Start, full: bool, proxy: Proxy) -> None:
    scenario = start(partitions=4)
    with scenario.under_traffic(400):
        consumer = scenario.consumer(MONGODB_URI=proxy.uri)
        scenario.wait_progress(200)
        for _ in range(5 if full else 1):
            pauses = consumer.output.count("reading pauses")
            proxy.silence(after=scenario.choose.choice(OF_A_BATCH) if full else "")
            wait_until("a pause", partial(paused_again, consumer, pauses), LONGEST_CALL_SECONDS)
            proxy.speak()
            scenario.fault()
            scenario.wait_progress(200)
    scenario.finish()
    assert proxy.longest_wait_seconds <= LONGEST_CALL_SECONDS
    assert "MAXPOLL" not in consumer.output
    assert consumer.stop() == 0
