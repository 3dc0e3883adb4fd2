"""What an audit judges: everything, or the days since one, or nothing, and then it says why."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from pymongo.errors import OperationFailure

from consumer.partitions.brokers import PartitionQuery, PartitionState
from scripts.audit.products.check import ProductCheck
from scripts.audit.reading.snapshot import Snapshot
from scripts.publish.generated.generate import generate
from shared.documents import PARTITIONS
from shared.errors import SourceUnavailable
from stack.waiting import wait_until
from tests.integration.scripts.audit.corrupting import a_product, assert_exactly, copied
from tests.integration.scripts.audit.test_corrupt_events import lose_an_event
from tests.integration.scripts.audit.test_corrupt_sums import set_in
from tests.support.commands.audit import audit, findings_of, kafka_topic_of, script
from tests.support.documents.invariant import event_collections
from tests.support.kafka.consumer_group import ConsumerGroup, consumer_group
from tests.support.servers.interface import KafkaServer, MongoServer


def test_an_audit_since_a_day_judges_what_came_since(stored: ConsumerGroup) -> None:
    database = copied(stored.database, f"{stored.topic}-since")
    environment = stored.environment(MONGODB_DATABASE=database.name)
    name = max(collection.name for collection in event_collections(database))
    newest = f"{datetime.strptime(name, 'events_%Y%m%d').replace(tzinfo=UTC):%Y-%m-%d}"
    report = audit(environment, "--since", newest)
    assert (report["ok"], report["days"]) == (True, 1), report["findings"][:5]
    event = database[name].find_one_and_delete({})
    assert event is not None
    lost = audit(environment, "--since", newest)["findings"]
    assert [finding["offset"] for finding in lost if finding["kind"] == "lost"] == [event["_id"]["o"]]


def test_offsets_that_kafka_recorded_before_the_first_day_are_not_judged(stored: ConsumerGroup) -> None:
    database = copied(stored.database, f"{stored.topic}-later")
    lose_an_event(database)
    later = f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}"
    report = audit(stored.environment(MONGODB_DATABASE=database.name), "--since", later)
    assert (report["ok"], report["days"], report["events"]) == (True, 0, 0), report["findings"][:5]
    assert report["unverifiable"]["offsets before the first day that was read"] == sum(report["partitions"].values())


def test_a_product_is_left_by_a_repair_that_has_not_read_all_days(stored: ConsumerGroup) -> None:
    database = copied(stored.database, f"{stored.topic}-left")
    database.products.update_one({"_id": a_product(database)["_id"]}, {"$set": {"note": 1}})
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    report = audit(stored.environment(MONGODB_DATABASE=database.name), "--since", today, "--repair-rollups")
    assert (report["ok"], report["repaired"]) == (False, {})
    assert ["only all days together give the document" in left for left in report["not_repaired"]] == [True]


def test_offsets_that_nobody_can_look_up_are_counted_and_not_called_lost(stored: ConsumerGroup) -> None:
    """Kafka was not asked, or it holds another topic of this name by now."""
    database = copied(stored.database, f"{stored.topic}-gaps")
    environment = stored.environment(MONGODB_DATABASE=database.name)
    lost, *sums = lose_an_event(database)
    assert lost["kind"] == "lost"
    unasked = audit(environment, "--no-kafka")
    assert_exactly(sums, unasked["findings"])
    assert unasked["unverifiable"] == {"missing offsets, Kafka was not asked": 1}
    database.partitions.update_many({}, {"$set": {"topic_id": "another"}})
    elsewhere = audit(environment)
    assert_exactly(sums, elsewhere["findings"])
    assert elsewhere["unverifiable"] == {"missing offsets of a topic that was deleted": 1}


def test_offsets_that_kafka_dropped_unread_are_lost_unless_nothing_was_there(
    kafka: KafkaServer, mongo: MongoServer, tmp_path: Path
) -> None:
    with consumer_group(kafka, mongo, tmp_path, partitions=1) as events:
        events.publish(generate(count=50, products=3, seed=1))
        consumer = events.consumer()
        events.wait_handled()
        assert consumer.stop() == 0
        events.publish(generate(count=20, products=3, seed=2))
        admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
        begins = TopicPartition(events.topic, 0, 60)
        admin.delete_records([begins])[begins].result(10)
        found = [finding.as_json() for finding in findings_of(events, events.database)]
        assert_exactly([{"kind": "lost", "partition": 0, "offset": 50}], found)
        events.database.partitions.update_one({}, {"$set": {"read_to": 60}})
        assert findings_of(events, events.database) == []


def test_what_cannot_be_judged_is_said_in_a_line(stored: ConsumerGroup) -> None:
    nothing = script("audit", stored.environment(MONGODB_DATABASE="no_such"))
    assert (nothing.returncode, "holds no partition" in nothing.stderr) == (2, True)
    away = script("audit", stored.environment(MONGODB_URI="mongodb://127.0.0.1:9/?replicaSet=rs0"))
    assert (away.returncode, away.stderr.startswith("not judged: MongoDB does not answer")) == (2, True)
    silent = script("audit", stored.environment(KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:9"))
    assert (silent.returncode, silent.stderr.startswith("not judged: Kafka did not answer which offsets")) == (2, True)
    assert "KafkaError" not in silent.stderr


def test_the_exit_code_says_what_kind_of_answer_it_is(stored: ConsumerGroup) -> None:
    """As docs/operations/audit-and-repair.md has them; `audit` asserts those of an answer, 0 and 1."""
    assert script("audit", stored.environment(), "--since", "yesterday").returncode == 2
    assert script("audit", stored.environment(MONGODB_TIMEOUT_MS="soon")).returncode == 78
    database = copied(stored.database, f"{stored.topic}-codes")
    environment = stored.environment(MONGODB_DATABASE=database.name)
    assert script("audit", environment).returncode == 0
    set_in("rollups", "p", "note", 1)(database)
    wrong = script("audit", environment)
    assert (wrong.returncode, wrong.stdout.splitlines()[-1].startswith("WRONG: sum_differs 1;")) == (1, True)
    healed = script("audit", environment, "--repair-rollups")
    assert (healed.returncode, "all is right since the repair" in healed.stdout) == (0, True)


def test_a_leader_that_changed_during_the_audit_is_asked_again(
    stored: ConsumerGroup, kafka: KafkaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked several times: the old leader refuses, and for a moment the new one may refuse, too."""
    kafka_topic = kafka_topic_of(stored)
    before = kafka_topic.state(0)
    refusals = iter([SourceUnavailable("Leader epoch is older"), SourceUnavailable("Leader epoch is newer")])
    answer = PartitionQuery.answer

    def refused_at_first(query: PartitionQuery) -> PartitionState:
        for refusal in refusals:
            raise refusal
        return answer(query)

    kafka.kill()
    kafka.start()
    monkeypatch.setattr(PartitionQuery, "answer", refused_at_first)
    assert kafka_topic.state(0) == before


def test_an_audit_may_take_longer_than_mongodb_keeps_a_moment(
    stored: ConsumerGroup, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MongoDB forgets the first moment between the days and the products: each is read from a moment that it keeps."""
    admin, elsewhere = stored.database.client.admin, stored.database.client["elsewhere"]
    first = Snapshot(stored.database)
    window = "minSnapshotHistoryWindowInSeconds"

    def is_gone() -> bool:
        elsewhere.moments.insert_one({})
        try:
            first.find_one(PARTITIONS, {})
        except OperationFailure as error:
            return error.code == 239
        return False

    compare = ProductCheck.run

    def compare_later(check: ProductCheck) -> None:
        admin.command({"setParameter": 1, window: 1})
        wait_until("the first moment to be gone", is_gone, 60)
        # From here on moments are kept again, so that a slow machine has time to compare.
        admin.command({"setParameter": 1, window: 300})
        compare(check)

    monkeypatch.setattr(ProductCheck, "run", compare_later)
    try:
        assert findings_of(stored, stored.database) == []
    finally:
        admin.command({"setParameter": 1, window: 300})
        first.close()
