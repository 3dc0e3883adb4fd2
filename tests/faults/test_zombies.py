"""Consumers that freeze for longer than their session, lose their partitions, and wake up.

They freeze at each step of a batch or a claim, at random, and with a part of their partitions moved. A consumer that
wakes up must write nothing more to partitions that another has claimed.
"""

from functools import partial

import pytest

from consumer.process.failpoints import BATCH_STEPS, CLAIM_STEPS
from stack.waiting import wait_until
from tests.faults.checks import behaviour
from tests.faults.checks.ownership import (
    MOVE_SECONDS,
    all_own,
    is_frozen,
    moved,
    offsets,
    own_nothing,
    owned,
    owns,
    wait_taken_over,
)
from tests.faults.conftest import Start
from tests.faults.injection.proxy import Proxy

AWAY_SECONDS = 4.5
"""How long a consumer may take to notice that it lost its partitions, although MongoDB does not answer it."""


@pytest.mark.timeout(600)
def test_frozen_at_each_step_and_taken_over(start: Start, full: bool) -> None:
    scenario = start(partitions=6)
    steps = list(BATCH_STEPS + CLAIM_STEPS[1:])
    scenario.choose.shuffle(steps)
    with scenario.under_traffic(400):
        heir = scenario.consumer()
        for step in steps if full else [*scenario.choose.sample(BATCH_STEPS[1:7], 1)]:
            zombie = scenario.consumer(FAILPOINT=f"{step}:stop:{scenario.choose.randint(1, 3)}")
            zombie.wait_until(f"being frozen at {step}", partial(is_frozen, zombie), MOVE_SECONDS)
            wait_taken_over(scenario, heir, 6)
            zombie.thaw()
            scenario.fault()
            zombie.wait_for_output("partitions lost")
            assert zombie.stop() == 0
        behaviour.check_takeovers(heir)
    scenario.finish(ask_all=True)


@pytest.mark.full
def test_frozen_inside_a_transaction_of_all_partitions(start: Start) -> None:
    """The frozen transaction holds every partition's document. The heir ends it instead of waiting for its timeout."""
    scenario = start(partitions=4)
    zombie = scenario.consumer(FAILPOINT="before_commit:stop:3")
    with scenario.under_traffic(300):
        zombie.wait_until("being frozen", partial(is_frozen, zombie), MOVE_SECONDS)
        heir = scenario.consumer()
        wait_taken_over(scenario, heir, 4)
        zombie.thaw()
        scenario.fault()
        zombie.wait_for_output("partitions lost")
        behaviour.check_takeovers(heir)
    scenario.finish()


@pytest.mark.full
@pytest.mark.timeout(400)
def test_frozen_at_random_and_taken_over(start: Start) -> None:
    scenario = start(partitions=6)
    with scenario.under_traffic(400):
        members = [scenario.consumer() for _ in range(3)]
        wait_until("three owners", partial(all_own, scenario, members), MOVE_SECONDS)
        for _ in range(6):
            zombies = scenario.choose.sample(members, scenario.choose.randint(1, 2))
            scenario.wait_progress(scenario.choose.randint(1, 400))
            for zombie in zombies:
                zombie.freeze()
            wait_until("their end", partial(own_nothing, scenario, zombies), MOVE_SECONDS)
            for zombie in zombies:
                zombie.thaw()
                scenario.fault()
            wait_until("three owners again", partial(all_own, scenario, members), MOVE_SECONDS)
        for member in members:
            behaviour.check_takeovers(member)
    scenario.finish()
    assert [member.stop() for member in members] == [0, 0, 0]


def test_a_claimant_frozen_before_its_claim_takes_nothing_back(start: Start) -> None:
    """It wakes with an outdated epoch in hand: its claim matches nothing, and the heir's epoch stays."""
    scenario = start(partitions=1)
    late = scenario.consumer(FAILPOINT="claim_read:stop:1")
    with scenario.under_traffic(200):
        late.wait_until("being frozen", lambda: is_frozen(late), MOVE_SECONDS)
        heir = scenario.consumer()
        wait_taken_over(scenario, heir, 1)
        (claimed,) = scenario.group.database.partitions.find()
        late.thaw()
        scenario.fault()
        late.wait_for_output("partitions lost")
        scenario.wait_progress(200)
        (kept,) = scenario.group.database.partitions.find()
        assert (kept["epoch"], kept["owner"]) == (claimed["epoch"], claimed["owner"])
    scenario.finish()


def test_partitions_move_while_their_transaction_is_open_and_the_rest_stay(
    start: Start, full: bool, proxy: Proxy
) -> None:
    """A batch of four partitions hangs after its inserts. Two of them move, and their claims end the transaction."""
    scenario = start(partitions=4)
    keeper = scenario.consumer(MONGODB_URI=proxy.uri)
    with scenario.under_traffic(300):
        for _ in range(5 if full else 1):
            wait_taken_over(scenario, keeper, 4)
            proxy.silence(after="insert")
            wait_until("an open transaction", lambda: proxy.silent, 20)
            newcomer = scenario.consumer()
            wait_until("a partial move", partial(owns, scenario, newcomer, 2), MOVE_SECONDS)
            proxy.speak()
            scenario.fault()
            before = offsets(scenario, owned(scenario, keeper))
            wait_until("progress of what stayed", partial(moved, scenario, before), 30)
            behaviour.check_takeovers(newcomer)
            assert newcomer.stop() == 0
    scenario.finish()
    assert keeper.stop() == 0


def test_lost_partitions_are_thrown_away_at_once_while_mongodb_is_silent(start: Start, proxy: Proxy) -> None:
    """A consumer that lost its partitions does not wait for MongoDB: another consumer owns the batch's messages now."""
    scenario = start(partitions=4)
    zombie = scenario.consumer(MONGODB_URI=proxy.uri)
    with scenario.under_traffic(300):
        wait_taken_over(scenario, zombie, 4)
        proxy.silence(after="insert")
        wait_until("an open transaction", lambda: proxy.silent, 20)
        zombie.freeze()
        heir = scenario.consumer()
        wait_taken_over(scenario, heir, 4)
        zombie.thaw()
        scenario.fault()
        zombie.wait_for_output("partitions lost", AWAY_SECONDS)
        proxy.speak()
        scenario.wait_progress(200)
    scenario.finish()


def test_mongodb_away_during_a_rebalance(start: Start, full: bool) -> None:
    scenario = start(partitions=6)
    with scenario.under_traffic(300):
        first = scenario.consumer()
        scenario.wait_progress(200)
        for _ in range(3 if full else 1):
            scenario.group.mongo.freeze()
            second = scenario.consumer()
            second.wait_for_output("partitions assigned")
            scenario.group.mongo.thaw()
            scenario.fault()
            wait_until("both owners", partial(all_own, scenario, [first, second]), 40)
            scenario.wait_progress(200)
            assert second.stop() == 0
    scenario.finish()
