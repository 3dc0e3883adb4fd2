"""Letters with a reason that the contract gives no more are listed, audited and replayed like any other."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.publish.generated.generate import GeneratedMessage, generate
from shared.events import RETIRED_REASONS
from tests.support.commands.audit import findings_of, script
from tests.support.documents.invariant import check_aggregates, event_collections
from tests.support.kafka.consumer_group import ConsumerGroup, consumer_group, now_ms
from tests.support.servers.interface import KafkaServer, MongoServer

SALE = b'{"event":"productSold","name_of_product":"p","product_id":3,"no_of_units":1,"amount":"1.50",%b}'
FIELDS = {"unstorable_key": b'"utm.source":"mail","n":1.50', "unstorable_number": b'"big":18446744073709551616'}


@pytest.fixture
def events(kafka: KafkaServer, mongo: MongoServer, tmp_path: Path) -> Iterator[ConsumerGroup]:
    """Events, and two letters as an earlier version wrote them; the consumer has ended."""
    with consumer_group(kafka, mongo, tmp_path, partitions=1) as one:
        one.publish(generate(count=20, products=5, seed=1, now_ms=now_ms()))
        one.publish(GeneratedMessage(b"3", b"not json", "not_json") for _ in FIELDS)
        consumer = one.consumer()
        one.wait_handled()
        assert consumer.stop() == 0
        letters = one.database.rejected_events
        for letter, (reason, fields) in zip(letters.find().sort("_id", 1), FIELDS.items(), strict=True):
            change = {"reason": reason, "detail": "as it was", "value": SALE % fields}
            letters.update_one({"_id": letter["_id"]}, {"$set": change})
        yield one


def test_a_letter_of_an_earlier_version_is_shown_and_replayed(events: ConsumerGroup) -> None:
    assert set(FIELDS) == RETIRED_REASONS
    assert findings_of(events, events.database) == []
    for number, reason in enumerate(FIELDS):
        listed = script("dead_letters", events.environment(), "list", "--reason", reason, "--json")
        assert [one["reason"] for one in json.loads(listed.stdout)] == [reason], listed.stderr
        assert f"reason     {reason}" in script("dead_letters", events.environment(), "show", f"0:{20 + number}").stdout
    replayed = script("dead_letters", events.environment(), "replay", "--reason", "unstorable_key", "--reason",
                      "unstorable_number")  # fmt: skip
    assert (replayed.returncode, "2 replayed" in replayed.stderr) == (0, True), replayed.stderr
    stored = [one for day in event_collections(events.database) for one in day.find({"_id.k": -1}).sort("_id", 1)]
    assert [one["extra_json"].encode() for one in stored] == [b"{%b}" % fields for fields in FIELDS.values()]
    assert findings_of(events, events.database) == []
    check_aggregates(events.database)


def test_a_reason_that_never_was_is_a_usage_error(events: ConsumerGroup) -> None:
    listed = script("dead_letters", events.environment(), "list", "--reason", "unstorable")
    assert listed.returncode == 2
    assert "unstorable_key" in listed.stderr
