"""A real broker takes the TLS and SCRAM settings in docs/operations/mongodb-and-kafka.md, and no others."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.certificates.local_authority import ensure, utc_now
from shared.mongo import connect
from shared.settings import SharedSettings
from stack.errors import PartMissing
from tests.support import process
from tests.support.process import ROOT, Running
from tests.support.servers import local
from tests.support.servers.interface import MongoServer
from tests.support.servers.secured import SecuredKafka, broker_properties, secured_kafka

TOPIC = "secured"
SOLD = ("sold", "--product", "3", "--units", "10", "--amount", "1000", "--timeout", "5")


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredKafka]:
    try:
        with secured_kafka(tmp_path_factory.mktemp("kafka")) as one:
            one.create_topic(TOPIC, 2)
            yield one
    except PartMissing as missing:
        local.skip_or_fail(missing)


def publishing(secured: SecuredKafka, folder: Path, **changes: str) -> Running:
    """A started process that publishes one sale, with `changes` made to the right settings."""
    settings = secured.environment | {"KAFKA_TOPIC": TOPIC} | changes
    publish = process.module("scripts.publish", folder / "publish.log", settings, *SOLD)
    publish.start()
    return publish


def test_an_event_goes_from_the_publisher_to_mongodb(secured: SecuredKafka, mongo: MongoServer, tmp_path: Path) -> None:
    settings = SharedSettings(mongodb_uri=mongo.uri, mongodb_database="secured")
    publish = publishing(secured, tmp_path)
    assert publish.wait(30) == 0, publish.output
    environment = {"MONGODB_URI": mongo.uri, "MONGODB_DATABASE": "secured", "KAFKA_TOPIC": TOPIC, "METRICS_PORT": "0"}
    consumer = process.module("consumer", tmp_path / "consumer.log", secured.environment | environment)
    database = connect(settings, "tests")
    try:
        consumer.start()
        consumer.wait_until("the sale", lambda: database["products"].find_one({"_id.p": 3}) is not None, 60)
        assert consumer.stop() == 0
    finally:
        consumer.close()
        database.client.close()
    assert secured.password not in consumer.output


def test_nobody_comes_in_by_other_settings(secured: SecuredKafka, tmp_path: Path) -> None:
    """A wrong password, another certificate authority, no TLS, no name. All run at once, since each takes seconds."""
    ensure(tmp_path / "served", tmp_path / "authority", ["127.0.0.1"], utc_now())
    wrong = {
        "password": {"KAFKA_SASL_PASSWORD": "not-the-password"},
        "authority": {"KAFKA_SSL_CA_LOCATION": str(tmp_path / "served" / "ca.pem")},
        "plain": {"KAFKA_SECURITY_PROTOCOL": "PLAINTEXT"},
        "nameless": {"KAFKA_SECURITY_PROTOCOL": "SSL"},
    }
    publishers = {name: publishing(secured, tmp_path / name, **changes) for name, changes in wrong.items()}
    assert {name: publish.wait(60) for name, publish in publishers.items()} == dict.fromkeys(wrong, 1)
    assert all("0 messages published" in publish.output for publish in publishers.values())
    assert "Authentication failed" in publishers["password"].output
    assert "certificate could not be verified" in publishers["authority"].output
    assert "not-the-password" not in publishers["password"].output


def test_the_documented_broker_is_the_one_that_was_tried() -> None:
    text = (ROOT / "docs/operations/mongodb-and-kafka.md").read_text()
    for name, value in broker_properties(9092, 9094, 9093).items():
        line = f"{name}={value}".replace("127.0.0.1:9092", "kafka.example:9092")
        assert line in text, f"docs/operations/mongodb-and-kafka.md lacks {line}"
