"""Which consumer owns which partition, by the documents of `partitions` and by the consumers' logs."""

import psutil

from stack.waiting import wait_until
from tests.faults.checks.behaviour import entries
from tests.faults.scenario import Scenario
from tests.support.process import Running

MOVE_SECONDS = 60.0
"""How long a scenario waits for partitions to move; they take a few seconds on a machine with nothing else to do."""


def is_frozen(consumer: Running) -> bool:
    """Whether a signal, such as a failpoint's, has stopped the process."""
    return psutil.Process(consumer.pid).status() == psutil.STATUS_STOPPED


def owned(scenario: Scenario, consumer: Running) -> set[int]:
    """The partitions whose last claim was this process's."""
    owners = scenario.group.database.partitions.find({}, {"owner": 1})
    return {one["_id"]["k"] for one in owners if f"-{consumer.pid}-" in one["owner"]}


def owns(scenario: Scenario, consumer: Running, partitions: int) -> bool:
    """Whether this process owns so many partitions."""
    return len(owned(scenario, consumer)) == partitions


def held(consumer: Running) -> set[int]:
    """The partitions that Kafka's group has given to this consumer and that it has claimed since, by its log."""
    claimed: set[int] = set()
    for entry in entries(consumer):
        if entry["event"] == "partition claimed":
            claimed.add(entry["partition"])
        elif entry["event"] in ("partitions assigned", "partitions revoked", "partitions lost"):
            claimed -= set(entry["partitions"])
    return claimed


def all_own(scenario: Scenario, consumers: list[Running]) -> bool:
    """Whether each consumer owns a partition."""
    return all(owned(scenario, consumer) for consumer in consumers)


def own_nothing(scenario: Scenario, consumers: list[Running]) -> bool:
    """Whether none of these consumers owns a partition any more."""
    return not any(owned(scenario, consumer) for consumer in consumers)


def offsets(scenario: Scenario, partitions: set[int]) -> dict[int, int]:
    """The stored `next_offset` of each of these partitions."""
    chosen = scenario.group.database.partitions.find({"_id.k": {"$in": sorted(partitions)}})
    return {one["_id"]["k"]: one["next_offset"] for one in chosen}


def moved(scenario: Scenario, before: dict[int, int]) -> bool:
    """Whether each of these partitions has been written since its offset was `before`."""
    return all(after > before[partition] for partition, after in offsets(scenario, set(before)).items())


def wait_taken_over(scenario: Scenario, heir: Running, partitions: int) -> None:
    """Wait until the heir has claimed so many partitions that Kafka gave it, then until 200 more messages are handled.

    MongoDB alone does not tell: a consumer that froze before its claim raised the epoch never was the owner there, so
    the heir would seem to have taken over before Kafka's group has even missed the frozen consumer.
    """
    wait_until("the heir's claims", lambda: len(held(heir)) == partitions, MOVE_SECONDS)
    scenario.wait_progress(200)
