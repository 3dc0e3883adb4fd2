"""Who has which partition, as MongoDB and the kernel tell."""

from functools import partial

import psutil

from stack.waiting import wait_until
from tests.faults.scenario import Scenario
from tests.support.process import Running

MOVE_SECONDS = 60.0


def is_frozen(consumer: Running) -> bool:
    """Whether a signal stopped it."""
    return psutil.Process(consumer.pid).status() == psutil.STATUS_STOPPED


def owned(scenario: Scenario, consumer: Running) -> set[int]:
    """The partitions that this process claimed last."""
    owners = scenario.group.database.partitions.find({}, {"owner": 1})
    return {one["_id"]["k"] for one in owners if f"-{consumer.pid}-" in one["owner"]}


def owns(scenario: Scenario, consumer: Running, partitions: int) -> bool:
    """Whether it claimed so many last."""
    return len(owned(scenario, consumer)) == partitions


def all_own(scenario: Scenario, consumers: list[Running]) -> bool:
    """Whether each has a partition."""
    return all(owned(scenario, consumer) for consumer in consumers)


def own_nothing(scenario: Scenario, consumers: list[Running]) -> bool:
    """Whether each of their partitions was claimed by another."""
    return not any(owned(scenario, consumer) for consumer in consumers)


def offsets(scenario: Scenario, partitions: set[int]) -> dict[int, int]:
    """The stored offsets of these partitions."""
    chosen = scenario.group.database.partitions.find({"_id.k": {"$in": sorted(partitions)}})
    return {one["_id"]["k"]: one["next_offset"] for one in chosen}


def moved(scenario: Scenario, before: dict[int, int]) -> bool:
    """Whether each of these partitions has been written since."""
    return all(after > before[partition] for partition, after in offsets(scenario, set(before)).items())


def wait_taken_over(scenario: Scenario, heir: Running, partitions: int) -> None:
    """Wait until the heir has every partition and has moved each."""
    wait_until("the heir's claims", partial(owns, scenario, heir, partitions), MOVE_SECONDS)
    scenario.wait_progress(200)
