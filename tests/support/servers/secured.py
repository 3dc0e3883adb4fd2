"""Kafka with TLS and SCRAM, and MongoDB with users; each server ends with its block."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from stack import ports
from stack.parts import kafka_files, services
from stack.parts.kafka import Kafka
from stack.parts.mongo import REPLICA_SET, Mongo
from stack.settings import StackSettings
from stack.supervision.part import Part
from stack.waiting import listens, wait_until
from tests.support.process import ROOT, Running

READY_SECONDS = 60.0
ROLES = ROOT / "compose" / "mongo-roles.json"


@dataclass(frozen=True)
class SecuredKafka:
    """A broker whose clients must use TLS and log in as its one user."""

    environment: dict[str, str]
    """Settings with which the project's programs reach it."""
    authority: Path
    """Certificate of the authority that signed the broker's."""
    bootstrap_servers: str
    user: str
    password: str

    def create_topic(self, name: str, partitions: int) -> None:
        """Create a topic; returns once it exists."""
        admin = AdminClient(
            {
                "bootstrap.servers": self.bootstrap_servers,
                "security.protocol": "SASL_SSL",
                "sasl.mechanism": "SCRAM-SHA-512",
                "sasl.username": self.user,
                "sasl.password": self.password,
                "ssl.ca.location": str(self.authority),
            }
        )
        admin.create_topics([NewTopic(name, partitions, 1)])[name].result(timeout=READY_SECONDS)


def broker_properties(port: int, internal_port: int, controller_port: int) -> dict[str, str]:
    """The settings of the broker in docs/operations/mongodb-and-kafka.md: clients by SASL_SSL, itself on loopback."""
    return {
        "listeners": (
            f"CLIENTS://127.0.0.1:{port},INTERNAL://127.0.0.1:{internal_port},CONTROLLER://127.0.0.1:{controller_port}"
        ),
        "advertised.listeners": f"CLIENTS://127.0.0.1:{port},INTERNAL://127.0.0.1:{internal_port}",
        "listener.security.protocol.map": "CLIENTS:SASL_SSL,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "INTERNAL",
        "sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.clients.scram-sha-512.sasl.jaas.config": (
            "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        ),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": "keystore.pem",
        "ssl.enabled.protocols": "TLSv1.2,TLSv1.3",
    }


@contextmanager
def secured_kafka(folder: Path) -> Iterator[SecuredKafka]:
    """A broker whose certificate a local authority signed. Raises PartMissing where Java or Maven cannot be had."""
    java, jars = kafka_files.java(print), kafka_files.jars(StackSettings().state / "parts", print)
    port, internal_port, controller_port = ports.pick(3)
    user, password = "analytics", secrets.token_urlsafe(24)
    served, home = folder / "served", folder / "kafka"
    services.certificate(served, folder / "authority")
    home.mkdir()
    (home / "keystore.pem").write_text((served / "key.pem").read_text() + (served / "certificate.pem").read_text())
    broker = Kafka(
        java=java,
        jars=jars,
        home=home,
        port=port,
        controller_port=controller_port,
        more=broker_properties(port, internal_port, controller_port),
        format_options=(f"--add-scram=SCRAM-SHA-512=[name={user},password={password}]",),
    )
    broker.prepare()
    running = Running(broker.part(), folder / "kafka.log")
    environment = {
        "KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers,
        "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
        "KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
        "KAFKA_SASL_USERNAME": user,
        "KAFKA_SASL_PASSWORD": password,
        "KAFKA_SSL_CA_LOCATION": str(served / "ca.pem"),
    }
    try:
        running.start()
        running.wait_until("it listens", lambda: listens(port), READY_SECONDS)
        yield SecuredKafka(environment, served / "ca.pem", broker.bootstrap_servers, user, password)
    finally:
        running.close()


@dataclass(frozen=True)
class SecuredMongo:
    """A replica set of one member, with the users of compose/mongo-roles.json and `root`, all with one password."""

    port: int
    password: str

    def uri(self, user: str) -> str:
        """Connection string that logs in as this user."""
        return f"mongodb://{user}:{self.password}@127.0.0.1:{self.port}/?replicaSet={REPLICA_SET}&authSource=admin"

    def client(self, user: str) -> "MongoClient[dict[str, Any]]":
        """A client that logs in as this user."""
        return MongoClient(self.uri(user), serverSelectionTimeoutMS=10_000)


@contextmanager
def secured_mongo(folder: Path, database: str) -> Iterator[SecuredMongo]:
    """A mongod that lets in only its users, who have the roles on `database` that compose gives them."""
    (port,) = ports.pick(1)
    home = folder / "mongo"
    server = Mongo(home=home, port=port, cache_gb=0.25)
    server.prepare()
    (home / "key").touch(mode=0o600)
    (home / "key").write_text(secrets.token_hex(64))
    part = server.part()
    running = Running(Part(part.name, (*part.argv, "--keyFile", "key"), part.cwd), folder / "mongod.log")
    secured = SecuredMongo(port, secrets.token_hex(16))
    try:
        running.start()
        running.wait_until("it listens", lambda: listens(port), READY_SECONDS)
        _set_up(secured, database)
        yield secured
    finally:
        running.close()


def _set_up(secured: SecuredMongo, database: str) -> None:
    """Initiate the replica set and make its users, as compose/mongo-setup.js does by MongoDB's shell."""
    with MongoClient[dict[str, Any]](f"mongodb://127.0.0.1:{secured.port}/?directConnection=true") as first:
        member = {"_id": 0, "host": f"127.0.0.1:{secured.port}"}
        first.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": [member]})
        wait_until("a primary", lambda: bool(first.admin.command("hello")["isWritablePrimary"]), READY_SECONDS)
        wait_until("the first user", lambda: _first_user(first, secured.password), READY_SECONDS)
    with secured.client("root") as root:
        for name, privileges in json.loads(ROLES.read_text().replace("DATABASE", database)).items():
            role = f"product_analytics_{name}"
            root.admin.command("createRole", role, privileges=privileges, roles=[])
            root.admin.command("createUser", name, pwd=secured.password, roles=[role])


def _first_user(client: "MongoClient[dict[str, Any]]", password: str) -> bool:
    """Make the user `root`. False while MongoDB cannot do it yet."""
    try:
        client.admin.command("createUser", "root", pwd=password, roles=["root"])
    except PyMongoError:
        return False
    return True
