"""What is published twice, and a real consumer: `--wait` tells it, `events find` shows it, and the totals know it."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from stack.waiting import wait_until
from tests.support.commands.audit import script
from tests.support.kafka.consumer_group import ConsumerGroup, consumer_group
from tests.support.servers.interface import KafkaServer, MongoServer

SOLD = ("sold", "--product", "3", "--units", "10", "--amount", "1000", "--event-id", "order-17", "--wait")


@pytest.fixture
def group(kafka: KafkaServer, mongo: MongoServer, tmp_path: Path) -> Iterator[ConsumerGroup]:
    with consumer_group(kafka, mongo, tmp_path, partitions=3) as one:
        yield one


def test_each_of_three_is_told_what_became_of_it(group: ConsumerGroup) -> None:
    group.consumer()
    asked = (SOLD, (*SOLD, "--amount", "1000.00"), (*SOLD, "--units", "9"))
    first, again, other = (script("publish", group.environment(), *arguments) for arguments in asked)
    assert [done.returncode for done in (first, again, other)] == [0, 3, 4], other.stdout
    place = first.stdout.splitlines()[0]
    for done in (again, other):
        assert f"the event of product 3 at {place}:1" in done.stdout
    for product in ((), ("--product", "3")):
        done = script("events", group.environment(), "find", "--event-id", "order-17", *product, "--json")
        fates = {each["place"]: each["fate"] for each in json.loads(done.stdout)["found"]}
        places = [f"{each.stdout.splitlines()[0]}:1" for each in (first, again, other)]
        assert fates == dict(zip(places, ("counted", "duplicate", "rejected"), strict=True))


@pytest.mark.parametrize("more", [("--conflicts", "0.02"), ("--unkeyed",)], ids=["keyed", "unkeyed"])
def test_consumers_have_counted_what_the_totals_say(
    group: ConsumerGroup, tmp_path: Path, more: tuple[str, ...]
) -> None:
    file = tmp_path / "totals.json"
    arguments = ("--count", "10000", "--products", "50", "--invalid", "0.02", "--duplicates", "0.05", "--seed", "4")
    group.consumer()
    group.consumer()
    done = script("publish", group.environment(), "generate", *arguments, "--totals", str(file), *more)
    assert done.returncode == 0, done.stderr
    totals, database = json.loads(file.read_text()), group.database
    wait_until("all messages handled", lambda: group.handled == totals["delivered"] == 10_000, 60)
    counted = database.rejected_events.aggregate([{"$group": {"_id": "$reason", "count": {"$sum": 1}}}])
    assert {each["_id"]: each["count"] for each in counted} == totals["rejected"]
    hours = list(database.totals.find({"_id.h": {"$exists": True}}))
    assert sum(hour.get("sales", 0) + hour.get("ratings", 0) for hour in hours) == totals["accepted"]
    amounts = [hour["amount"].to_decimal() for hour in hours if "amount" in hour]
    assert sum(amounts) == Decimal(totals["amount"])
