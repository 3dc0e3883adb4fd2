"""Apache Kafka on this machine: one node that is both broker and controller (KRaft)."""

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
"""How long to wait for each answer of a broker that was started, in seconds.

At half of it a slow start on a busy machine counts as a failure; at twice of it a person waits two minutes for the
message about a broker that will never answer.
"""

JVM = ("-Xms256m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
"""Java's options. They trade throughput for a short start: the simple collector and the first compiler leave the
processors to the other parts. With half of the memory (`-Xmx`) the collector works more often under the benchmarks'
backlogs; with twice of it the stack needs half a gigabyte more."""

# What clients can notice stays at Kafka's default, with two kinds of exceptions: one node cannot keep replicas, and
# some waits would only delay every start.
#
# The broker's own session with its controller (`broker.session.timeout.ms`) stays at its default. A shorter session
# sometimes ends on a busy machine. The only broker then leads no partition for a moment: topics are not made, and
# offsets are not answered.
PROPERTIES = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    # A misspelled topic is an error, not a new topic.
    "auto.create.topics.enable": "false",
    # The controller hears of a new broker at a heartbeat: within half a second, not within Kafka's two.
    "broker.heartbeat.interval.ms": "500",
    # Kafka's three seconds gather the members of a new group. Here every start would wait for them.
    "group.initial.rebalance.delay.ms": "0",
    # Kafka's minimum of six seconds would forbid the short sessions by which tests see soon that a consumer was killed.
    "group.min.session.timeout.ms": "1000",
    # One node: one replica of each internal topic. Four partitions instead of 50 are made faster at the first start.
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
}


def properties(port: int, controller_port: int, interface: str = "127.0.0.1") -> dict[str, str]:
    """Return the configuration of a broker that clients reach at 127.0.0.1:`port`.

    `interface` is the address on which it listens: 0.0.0.0 in a container, whose port the engine forwards.
    """
    return {
        **PROPERTIES,
        "controller.quorum.voters": f"1@127.0.0.1:{controller_port}",
        "listeners": f"PLAINTEXT://{interface}:{port},CONTROLLER://127.0.0.1:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:{port}",
    }


class Kafka:
    """Configures one broker whose data lie in the folder `home`.

    `java` is the program, `jars` the folder of Kafka's jars. `more` holds properties that are added to the usual ones
    or replace them. `format_options` are given to the command that formats the data folder, before the first start.
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
        """The address that clients connect to, `127.0.0.1:19092` for example."""
        return f"127.0.0.1:{self._port}"

    def prepare(self) -> None:
        """Write the configuration, and format a new data folder. Raises StackError when Kafka cannot format it."""
        self._home.mkdir(parents=True, exist_ok=True)
        # Paths are relative to `home`, so that no path of this machine has to be quoted for Kafka.
        lines = {**properties(self._port, self._controller_port), "log.dirs": "data", **self._more}.items()
        (self._home / "server.properties").write_text("".join(f"{name}={value}\n" for name, value in lines))
        if not (self._home / "data" / "meta.properties").exists():
            self._format()

    def part(self) -> Part:
        """The broker's process, to be started after `prepare`."""
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
    """Block until the broker answers. Raises StackError after READY_SECONDS without an answer."""
    port = int(bootstrap_servers.rpartition(":")[2])
    # To ask for the port first is cheap; a client that cannot connect keeps trying in threads of its own.
    wait_until("Kafka to listen", lambda: listens(port), READY_SECONDS)
    admin = _admin(bootstrap_servers)
    wait_until("Kafka to answer", lambda: _answers(admin), READY_SECONDS)


def create_topic(bootstrap_servers: str, name: str, partitions: int) -> None:
    """Make the topic `name`; one that is there stays as it is. Raises StackError when Kafka refuses to make it."""
    admin = _admin(bootstrap_servers)
    try:
        admin.create_topics([NewTopic(name, partitions, 1)])[name].result(timeout=30)
    except KafkaException as error:
        if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise StackError(f"Kafka refused to make the topic {name}: {error.args[0].str()}") from error


def _answers(admin: AdminClient) -> bool:
    try:
        return bool(admin.list_topics(timeout=2).brokers)
    except KafkaException:
        return False


def _admin(bootstrap_servers: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0})
