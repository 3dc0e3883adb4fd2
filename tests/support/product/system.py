"""The whole product as processes, each of which a test may end: nginx, two API instances, two consumers."""

import os
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import httpx

from stack import ports
from stack.assembly.ready import is_ready
from stack.parts import services
from stack.supervision.part import Part
from stack.waiting import listens
from tests.support.api.answers import samples
from tests.support.process import ROOT, Running
from tests.support.product.balancer import configure
from tests.support.product.interface import Program
from tests.support.servers.interface import KafkaServer, MongoServer

TOPIC = "analytics"
PARTITIONS = 12
INSTANCES = 2
SCRIPT_SECONDS = 60


class System:
    """A `Product` of processes, on the given Kafka and MongoDB. Raises PartMissing where nginx cannot be had."""

    networks = ("127.0.0.0/8",)

    def __init__(self, kafka: KafkaServer, mongo: MongoServer, folder: Path) -> None:
        self._folder = folder
        services.signing_key(folder / "secrets")
        kafka.create_topic(TOPIC, PARTITIONS)
        self._environment = {
            "KAFKA_BOOTSTRAP_SERVERS": kafka.bootstrap_servers,
            "KAFKA_TOPIC": TOPIC,
            "MONGODB_URI": mongo.uri,
            "MONGODB_DATABASE": "system",
            "SECRETS_DIR": str(folder / "secrets"),
            "LOG_FORMAT": "json",
        }
        free = ports.pick(2 * INSTANCES)
        self.api_ports, self.metrics_ports = free[:INSTANCES], free[INSTANCES:]
        balancer, self.port = configure(folder, self.api_ports)
        self.url = balancer.url
        self.redirect_url = balancer.redirect_url
        self.authority = folder / "served" / "ca.pem"
        self.nginx = self._running(balancer.part())
        environment = self._environment
        self.apis = [self._running(services.api(n, at, environment)) for n, at in enumerate(self.api_ports, 1)]
        self.consumers = [
            self._running(services.consumer(n, at, environment)) for n, at in enumerate(self.metrics_ports, 1)
        ]

    def start(self) -> None:
        """Start the processes that do not run; returns once everything is ready."""
        for process in (*self.apis, *self.consumers, self.nginx):
            if not process.is_running:
                process.start()
        self.wait_ready()

    def wait_ready(self) -> None:
        """Wait until both API instances are ready and the consumers serve their metrics."""
        with httpx.Client() as client:
            for api, port in zip(self.apis, self.api_ports, strict=True):
                api.wait_until("being ready", partial(is_ready, client, port))
        for consumer, port in zip(self.consumers, self.metrics_ports, strict=True):
            consumer.wait_until("serving its metrics", partial(listens, port))

    @property
    def instances(self) -> list[str]:
        """`host:port` of each API instance."""
        return [f"127.0.0.1:{port}" for port in self.api_ports]

    def answered(self, route: str, status: int | None = None) -> list[float]:
        """By instance: how many requests for this route it has answered, by its metrics; with this status, if given."""
        return [_answered(port, route, status) for port in self.api_ports]

    def tokens(self, *arguments: str) -> str:
        """Run `python -m scripts.tokens …` to its end. Returns what it printed. Raises CalledProcessError."""
        return self._script("scripts.tokens", arguments)

    def publish(self, *arguments: str, given: bytes | None = None) -> str:
        """Run `python -m scripts.publish …` to its end. Returns what it printed. Raises CalledProcessError."""
        return self._script("scripts.publish", arguments, given)

    def log(self, program: Program) -> str:
        """What the processes of this program have written so far."""
        processes = {"nginx": [self.nginx], "api": self.apis, "consumer": self.consumers}[program]
        return "".join(process.output for process in processes)

    def close(self) -> None:
        """End everything."""
        for process in (self.nginx, *self.apis, *self.consumers):
            process.close()

    def _script(self, module: str, arguments: Sequence[str], given: bytes | None = None) -> str:
        result = subprocess.run(
            (sys.executable, "-m", module, *arguments),
            cwd=ROOT,
            env={**os.environ, **self._environment},
            input=given or b"",
            stdout=subprocess.PIPE,
            check=True,
            timeout=SCRIPT_SECONDS,
        )
        return result.stdout.decode().strip()

    def _running(self, part: Part) -> Running:
        return Running(part, self._folder / f"{part.name}.log")


def _answered(port: int, route: str, status: int | None) -> float:
    metrics = httpx.get(f"http://127.0.0.1:{port}/metrics")
    return sum(
        sample.value
        for sample in samples(metrics, "api_request_duration_seconds_count")
        if sample.labels["route"] == route and status in (None, int(sample.labels["status"]))
    )
