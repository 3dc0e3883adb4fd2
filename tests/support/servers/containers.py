"""Kafka and MongoDB as containers, where a Docker engine answers.

Each server listens on the same port inside and outside its container. So the address that it gives to clients is right
on both sides, and stays the same over a restart.
"""

import os
import socket
from collections.abc import Callable
from contextlib import suppress

from docker.errors import APIError
from testcontainers.core.container import DockerContainer

from stack import ports
from stack.parts import kafka, mongo, replica_set
from stack.waiting import wait_until

KAFKA_IMAGE = os.environ.get("KAFKA_IMAGE") or "apache/kafka:4.1.2"
MONGO_IMAGE = os.environ.get("MONGO_IMAGE") or "mongo:8.0"
STOP_SECONDS = 20
"""How long the engine waits for a server to stop before it kills it."""
FREEZE_SECONDS = 20
"""How long `freeze` asks the engine. Each attempt of the engine lasts about 0.3 s; with half, a machine that is busy
for ten seconds fails the test; with twice as much, an engine that cannot freeze at all is reported later."""
ENGINE_SOCKET = "/var/run/docker.sock"


def engine_answers() -> bool:
    """Whether a Docker engine answers at the usual socket. Where DOCKER_HOST is set, true without a look."""
    if "DOCKER_HOST" in os.environ:
        return True
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(ENGINE_SOCKET) == 0


class _ContainerServer:
    """A server in a container; `wait_ready` returns once it answers."""

    def __init__(self, container: DockerContainer, wait_ready: Callable[[], None]) -> None:
        self._container = container
        self._wait_ready = wait_ready
        self._launched = False

    def start(self) -> None:
        if self._launched:
            self._container.get_wrapped_container().start()
        else:
            self._container.start()
            self._launched = True
        self._wait_ready()

    def stop(self) -> None:
        self._container.get_wrapped_container().stop(timeout=STOP_SECONDS)

    def kill(self) -> None:
        container = self._container.get_wrapped_container()
        container.kill()
        container.wait()

    def freeze(self) -> None:
        """Stop the server's processes. The engine's freezer gives up within a second where the processor is busy, so
        this asks it again, for FREEZE_SECONDS at most."""
        container = self._container.get_wrapped_container()

        def paused() -> bool:
            with suppress(APIError):
                container.pause()
            container.reload()
            return bool(container.status == "paused")

        wait_until("the engine to freeze the container", paused, FREEZE_SECONDS)

    def thaw(self) -> None:
        self._container.get_wrapped_container().unpause()

    def restore(self) -> None:
        container = self._container.get_wrapped_container()
        container.reload()
        if container.status == "paused":
            self.thaw()
            self._wait_ready()
        elif container.status != "running":
            self.start()

    def close(self) -> None:
        if self._launched:
            self._container.stop()


class ContainerKafka(_ContainerServer):
    """Kafka, from the image that the Kafka project publishes, or the one that KAFKA_IMAGE names."""

    def __init__(self) -> None:
        port, controller_port = ports.pick(2)
        container = DockerContainer(KAFKA_IMAGE).with_bind_ports(port, port)
        # The image reads each property from a variable: KAFKA_NODE_ID is node.id.
        for name, value in kafka.properties(port, controller_port, interface="0.0.0.0").items():  # noqa: S104
            container.with_env("KAFKA_" + name.upper().replace(".", "_"), value)
        self.bootstrap_servers = f"127.0.0.1:{port}"
        super().__init__(container, lambda: kafka.wait_ready(self.bootstrap_servers))

    def create_topic(self, name: str, partitions: int) -> None:
        kafka.create_topic(self.bootstrap_servers, name, partitions)


class ContainerMongo(_ContainerServer):
    """MongoDB, from the image that Docker publishes, or the one that MONGO_IMAGE names."""

    def __init__(self) -> None:
        (port,) = ports.pick(1)
        command = f"--replSet {mongo.REPLICA_SET} --bind_ip_all --port {port}"
        container = DockerContainer(MONGO_IMAGE, command=command).with_bind_ports(port, port)
        self.uri = mongo.uri(port)
        super().__init__(container, lambda: replica_set.wait_ready(port))

    @property
    def pid(self) -> int:
        """Process id of the last start; meaningful where the engine runs on this machine."""
        container = self._container.get_wrapped_container()
        container.reload()
        return int(container.attrs["State"]["Pid"])
