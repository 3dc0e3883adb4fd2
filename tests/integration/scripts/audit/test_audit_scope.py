"""What an audit judges: everything, or the days since one, or nothing, and then it says why."""

from datetime import UTC, datetime

import pytest
from pymongo.errors import OperationFailure

from consumer.partitions.brokers import PartitionQuery, PartitionState
from scripts.audit.products.check import ProductCheck
from scripts.audit.reading.snapshot import Snapshot
from shared.documents import PARTITIONS, event_collection
from shared.errors import SourceUnavailable
from stack.waiting import wait_until
from tests.integration.scripts.audit.corrupting import copied
from tests.integration.scripts.audit.test_corrupt_sums import set_in
from tests.support.commands.audit import audit, findings_of, kafka_topic_of, script
from tests.support.kafka.consumer_group import ConsumerGroup, now_ms
from tests.support.servers.interface import KafkaServer


def test_an_audit_since_a_day_judges_what_came_since(stored: ConsumerGroup) -> None:
    database = copied(stored.database, f"{stored.topic}-since")
    environment = stored.environment(MONGODB_DATABASE=database.name)
    today = f"{datetime.now(UTC):%Y-%m-%d}"
    report = audit(environment, "--since", today)
    assert (report["ok"], report["days"]) == (True, 1), report["findings"][:5]
    name = event_collection(now_ms())
    event = database[name].find_one_and_delete({})
    assert event is not None
    lost = audit(environment, "--since", today)["findings"]
    assert [finding["offset"] for finding in lost if finding["kind"] == "lost"] == [event["_id"]["o"]]


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

    def is_gone() -> bool:
        elsewhere.moments.insert_one({})
        try:
            first.find_one(PARTITIONS, {})
        except OperationFailure as error:
            return error.code == 239
        return False

    compare = ProductCheck.run

    def compare_later(check: ProductCheck) -> None:
        wait_until("the first moment to be gone", is_gone, 60)
        compare(check)

    monkeypatch.setattr(ProductCheck, "run", compare_later)
    window = "minSnapshotHistoryWindowInSeconds"
    admin.command({"setParameter": 1, window: 1})
    try:
        assert findings_of(stored, stored.database) == []
    finally:
        admin.command({"setParameter": 1, window: 300})
        first.close()
