"""Events that come in while a test does something to the project, and the check of all events afterwards."""

import json
import re
import secrets
import signal
import subprocess
from types import TracebackType
from typing import Self

from stack.waiting import wait_until
from tests.support.documents import invariant
from tests.support.process import ROOT
from tests.support.product.docker import docker
from tests.support.product.project import Project

STOP_SECONDS = 100
"""The publisher's timeout for messages that Kafka has not acknowledged (90 s), and a little more."""
INTERRUPTED = 128 + signal.SIGTERM
"""The publisher's exit code after SIGTERM."""
HANDLED_SECONDS = 60.0

# Prints, as JSON, [partition, low watermark, high watermark] of each partition of the topic.
WATERMARKS = """
import json
from confluent_kafka import Consumer, TopicPartition
from shared.settings import KafkaSettings
settings = KafkaSettings.load()
consumer = Consumer({**settings.kafka_client(), "group.id": "tests"})
found = consumer.list_topics(settings.kafka_topic, 30).topics[settings.kafka_topic].partitions
places = [TopicPartition(settings.kafka_topic, one) for one in found]
print(json.dumps([[one.partition, *consumer.get_watermark_offsets(one, 30)] for one in places]))
"""


class Load:
    """Publishes `rate` events a second from a container while the block runs; at its end all are acknowledged."""

    def __init__(self, project: Project, *, rate: int) -> None:
        self._name = f"{project.name}-load-{secrets.token_hex(4)}"
        options = (
            "--count",
            "10000000",
            "--rate",
            str(rate),
            "--products",
            "100",
            "--invalid",
            "0.02",
            "--timeout",
            "90",
        )
        run = ("run", "--rm", "--no-deps", "-T", "--name", self._name, "consumer")
        self._project = project
        self._argv = project.argv(*run, "python", "-m", "scripts.publish", "generate", *options)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._argv,
            cwd=ROOT,
            env=self._project.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        return self

    def __exit__(
        self, error: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            docker("stop", "--time", str(STOP_SECONDS), self._name)
            output, _ = self._process.communicate(timeout=STOP_SECONDS)
        finally:
            self._process.kill()
        if error is None:
            assert self._process.returncode == INTERRUPTED, output
            assert re.search(r"[1-9][0-9,]* messages? published", output), output
            assert not re.search("not delivered|neither acknowledged nor refused", output), output


def check(project: Project) -> int:
    """Wait until every message in Kafka is handled, then assert the promise about them. Returns their number."""
    watermarks = json.loads(project.consumer_script("-c", WATERMARKS))
    acknowledged = {(partition, offset) for partition, low, high in watermarks for offset in range(low, high)}
    with project.database() as database:

        def handled() -> bool:
            stored = {one["_id"]["k"]: one["next_offset"] for one in database.partitions.find()}
            return all(stored.get(partition, 0) >= high for partition, _, high in watermarks)

        wait_until("all messages handled", handled, HANDLED_SECONDS)
        invariant.check(database, acknowledged)
    return len(acknowledged)
