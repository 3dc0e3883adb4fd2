"""A broker of Apache Kafka on this machine: KRaft, one node that is broker and controller."""

import base64
import subprocess
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from stack.errors import StackError
from stack.parts import kafka_files
from stack.supervision.part import Part
from stack.waiting import listens, wait_until

READY_SECONDS = 60.0
# A short start matters more here than the last of the throughput: one core's worth of compiler and collector less.
JVM = ("-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")

# Everything a client can notice stays at Kafka's default, but for what one node cannot do (replicas) and for the waits
# before a first rebalance and after a consumer was killed, which would only delay every start. A broker's own session
# stays as long as it is: on a busy machine a shorter one ends now and then, and the one broker then leads nothing.
PROPERTIES = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    "broker.heartbeat.interval.ms": "500",
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
}


def properties(port: int, controller_port: int, interface: str = "127.0.0.1") -> dict[str, str]:
    """The configuration of a broker that clients reach at 127.0.0.1."""
    return {
        **PROPERTIES,
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "listeners": f"PLAINTEXT://{interface}:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
    }


class Kafka:
    """Configures one broker whose data live in `home`.

    `more` are properties beside, or instead of, the usual ones; `format_options` are for the first start alone.
    """

    def __init__(
        self,
        *,
        java: Path,
        jars: Path,
        home: Path,
        port: int,
        controller_port: int,
        more: Mapping[str, str] | None = None,
        format_options: Sequence[str] = (),
    ) -> None:
        self._java = java
        self._jars = jars
        self._home = home
        self._port = port
        self._controller_port = controller_port
        self._more = more or {}
        self._format_options = format_options

    @property
    def bootstrap_servers(self) -> str:
        """What clients connect to."""
        return f"127.0.0.1:{self._port}"

    def prepare(self) -> None:
        """Write the configuration and, on first use, format the data folder. Raises StackError."""
        self._home.mkdir(parents=True, exist_ok=True)
        # Relative to the home, so that no path of this machine has to be quoted for Kafka.
        lines = {**properties(self._port, self._controller_port), "log.dirs": "data", **self._more}.items()
        (self._home / "server.properties").write_text("".join(f"{name}={value}\n" for name, value in lines))
        if not (self._home / "data" / "meta.properties").exists():
            self._format()

    def part(self) -> Part:
        """The broker's process."""
        return Part("kafka", self._run("kafka.Kafka", "server.properties"), self._home)

    def _format(self) -> None:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        options = (f"--cluster-id={cluster}", "--config=server.properties", *self._format_options)
        command = self._run("kafka.tools.StorageTool", "format", *options)
        result = subprocess.run(command, cwd=self._home, capture_output=True, text=True, check=False)  # noqa: S603
        if result.returncode:
            reason = (result.stderr or result.stdout).strip()
            raise StackError(f"Kafka could not format {self._home / 'data'}: {reason}")

    def _run(self, main: str, *arguments: str) -> tuple[str, ...]:
        logging = f"-Dlog4j2.configurationFile={kafka_files.LOGGING.as_uri()}"
        return (str(self._java), *JVM, logging, "-cp", f"{self._jars}/*", main, *arguments)


def wait_ready(bootstrap_servers: str) -> None:
    """Return once the broker answers. Raises StackError after a minute."""
    port = int(bootstrap_servers.rpartition(":")[2])
    # Cheaper to ask than a client, which would have to be made and thrown away each time.
    wait_until("Kafka to listen", lambda: listens(port), READY_SECONDS)
    admin = _admin(bootstrap_servers)
    wait_until("Kafka to answer", lambda: _answers(admin), READY_SECONDS)


def create_topic(bootstrap_servers: str, name: str, partitions: int) -> None:
    """Make the topic with so many partitions; one that is there stays as it is. Raises StackError."""
    admin = _admin(bootstrap_servers)
    try:
        admin.create_topics([NewTopic(name, partitions, 1)])[name].result(timeout=30)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise StackError(f"Kafka did not make the topic {name}: {error.args[0].str()}") from error


def _answers(admin: AdminClient) -> bool:
    try:
        return bool(admin.list_topics(timeout=2).brokers)
    except KafkaException:
        return False


def _admin(bootstrap_servers: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0})
