"""The servers that tests use are real, and each is restored after whatever a test does to it."""

import resource
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from confluent_kafka import Producer
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from stack import ports
from stack.parts import replica_set
from stack.parts.mongo import Mongo
from tests.support.servers.interface import KafkaServer, MongoServer
from tests.support.servers.local import LocalMongo


def test_kafka_keeps_records_when_killed(kafka: KafkaServer) -> None:
    kafka.create_topic("kept", 3)
    producer = Producer({"bootstrap.servers": kafka.bootstrap_servers, "log_level": 0})
    producer.produce("kept", b"record")
    assert producer.flush(10) == 0
    kafka.kill()
    kafka.start()
    assert len(producer.list_topics("kept", timeout=10).topics["kept"].partitions) == 3


def test_mongo_runs_transactions_after_a_kill(mongo: MongoServer) -> None:
    mongo.kill()
    mongo.start()
    with MongoClient[dict[str, int]](mongo.uri) as client, client.start_session() as session:
        with session.start_transaction():
            client["servers"]["things"].insert_one({"a": 1}, session=session)
        assert client["servers"]["things"].count_documents({}) == 1


def test_a_server_that_has_not_read_its_configuration_yet_is_asked_again(
    mongo: MongoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a moment after its start mongod says that no replica set was initiated; then it says that one was."""
    answers: Iterator[dict[str, Any] | None] = iter([None])
    configuration = replica_set._configuration
    monkeypatch.setattr(replica_set, "_configuration", lambda client: next(answers, configuration(client)))
    mongo.kill()
    mongo.start()
    assert next(answers, "asked") == "asked"


def test_a_frozen_mongo_is_silent(mongo: MongoServer) -> None:
    mongo.freeze()
    with MongoClient[dict[str, int]](mongo.uri, timeoutMS=500) as client, pytest.raises(PyMongoError):
        client["servers"]["things"].count_documents({})
    mongo.thaw()
    with MongoClient[dict[str, int]](mongo.uri) as client:
        client.admin.command("ping")


def test_a_server_left_dead_is_restored(mongo: MongoServer) -> None:
    mongo.kill()
    mongo.restore()
    with MongoClient[dict[str, int]](mongo.uri) as client:
        client.admin.command("ping")


def test_mongo_keeps_its_data_on_another_port(tmp_path: Path) -> None:
    """MongoDB keeps the replica set's configuration with the data, and it names the port of the run before."""
    for expected, port in enumerate(ports.pick(2)):
        server = LocalMongo(Mongo(home=tmp_path, port=port, cache_gb=0.25), port, tmp_path / "log")
        server.start()
        try:
            with MongoClient[dict[str, int]](server.uri) as client:
                assert client["servers"]["runs"].count_documents({}) == expected
                client["servers"]["runs"].insert_one({})
            server.stop()
        finally:
            server.close()


def test_mongo_may_have_as_many_files_open_as_its_user(tmp_path: Path) -> None:
    """A terminal allows 1024 open files; some hundred days of events or some hundred clients need more."""
    usual, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    (port,) = ports.pick(1)
    server = LocalMongo(Mongo(home=tmp_path, port=port, cache_gb=0.25), port, tmp_path / "log")
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(usual, 512), most))
    try:
        server.start()
        assert psutil.Process(server.pid).rlimit(psutil.RLIMIT_NOFILE) == (most, most)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (usual, most))
        server.close()
