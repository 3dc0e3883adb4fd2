"""MongoDB's users: each program does its work as its own user. What else that user may do is in test_mongo_rights."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from pymongo import MongoClient

from stack import ports
from tests.support import process
from tests.support.api.running import KEY
from tests.support.commands.tokens import TokensCommand
from tests.support.servers.interface import KafkaServer
from tests.support.servers.secured import SecuredMongo, secured_mongo

DATABASE = "shop"
SOLD = ("sold", "--product", "3", "--units", "10", "--amount", "1000")


@pytest.fixture(scope="module")
def mongo_with_users(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredMongo]:
    with secured_mongo(tmp_path_factory.mktemp("secured"), DATABASE) as secured:
        yield secured


def test_each_program_does_its_work(mongo_with_users: SecuredMongo, kafka: KafkaServer, tmp_path: Path) -> None:
    """A consumer takes over from a killed one. Scripts run. A token is issued; the API answers and writes its use."""
    with mongo_with_users.client("root") as root:
        topic = "users"
        kafka.create_topic(topic, 2)
        as_consumer = {"MONGODB_URI": mongo_with_users.uri("consumer"), "MONGODB_DATABASE": DATABASE}
        settings = {
            "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "KAFKA_TOPIC": topic,
            "KAFKA_SESSION_TIMEOUT_MS": "6000",
            "METRICS_PORT": "0",
        }
        consumers = [
            process.module("consumer", tmp_path / f"consumer-{number}.log", as_consumer | settings) for number in (1, 2)
        ]
        publish = process.module("scripts.publish", tmp_path / "publish.log", settings, *SOLD)
        try:
            for number, consumer in enumerate(consumers, 1):
                consumer.start()
                publish.start()
                assert publish.wait(60) == 0
                consumer.wait_until(f"sale {number}", partial(stored, root, number), 60)
                consumer.kill()
        finally:
            for consumer in consumers:
                consumer.close()
        for script in (
            ("scripts.audit", "--repair-rollups"),
            ("scripts.partitions", "list"),
            ("scripts.dead_letters", "list"),
        ):
            operator = process.module(script[0], tmp_path / "script.log", as_consumer | settings, *script[1:])
            operator.start()
            assert operator.wait(60) == 0, operator.output
        as_reader = as_consumer | {"MONGODB_URI": mongo_with_users.uri("api")}
        reader = process.module("scripts.events", tmp_path / "find.log", as_reader | settings, "find", "--product", "3")
        reader.start()
        assert reader.wait(60) == 0, reader.output
        token = TokensCommand(
            {
                "MONGODB_URI": mongo_with_users.uri("tokens"),
                "MONGODB_DATABASE": DATABASE,
                "TOKEN_SIGNING_KEY": KEY,
            }
        ).issue("--name", "tests")
        assert answer(mongo_with_users, token, tmp_path) == '{"total": 2000}'
        (record,) = root[f"{DATABASE}_access"]["api_tokens"].find()
        (use,) = root[f"{DATABASE}_access"]["token_uses"].find()
        assert use["_id"] == record["_id"]
        assert use["last_used_at"] >= record["created_at"]


def stored(root: "MongoClient[dict[str, Any]]", count: int) -> bool:
    """Whether exactly `count` events are stored."""
    names = [name for name in root[DATABASE].list_collection_names() if name.startswith("events_")]
    return sum(root[DATABASE][name].count_documents({}) for name in names) == count


def answer(secured: SecuredMongo, token: str, folder: Path) -> str:
    """What the API answers about product 3. It is stopped afterwards, so that it has written the token's use."""
    (port,) = ports.pick(1)
    settings = {
        "MONGODB_URI": secured.uri("api"),
        "MONGODB_DATABASE": DATABASE,
        "TOKEN_SIGNING_KEY": KEY,
        "API_PORT": str(port),
    }
    api = process.module("api", folder / "api.log", settings)
    api.start()
    try:
        api.wait_until("it listens", lambda: responds(port))
        response = httpx.get(
            f"http://127.0.0.1:{port}/api/product/sale/3", headers={"Authorization": f"Bearer {token}"}
        )
        assert api.stop() == 0
    finally:
        api.close()
    assert "not authorized" not in api.output
    assert "cannot be watched" not in api.output
    return response.text


def responds(port: int) -> bool:
    """Whether the API on this port is ready."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz").is_success
    except httpx.TransportError:
        return False
