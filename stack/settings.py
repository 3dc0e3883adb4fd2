"""The settings of the local stack: environment variables whose names start with `STACK_`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from stack.ports import WantedPort

ROOT = Path(__file__).parent.parent
Port = Annotated[int, Field(ge=1024, le=65_000)]
"""A port, or the first of several. Ports below 1024 need root. From 65000 the 50 instances that a command may start
still fit, since the last port is 65535."""


class StackSettings(BaseSettings):
    """Where the local stack keeps its state, and which ports of 127.0.0.1 it takes.

    The descriptions and defaults stand in docs/operations/settings.md, too; a test compares them.
    """

    model_config = SettingsConfigDict(env_prefix="STACK_", extra="ignore")

    state: Path = Field(ROOT / ".state", description="Folder of data, logs, the signing key and fetched programs.")
    kafka: Literal["auto", "apache", "mock"] = Field(
        "auto", description="`auto`: Apache Kafka where Java and Maven can be had, else librdkafka's mock broker."
    )
    nginx: Literal["auto", "off"] = Field("auto", description="`off`: no load balancer, the first API answers.")
    kafka_port: Port = Field(19_092, description="Port of Kafka.")
    kafka_controller_port: Port = Field(19_093, description="Port of Kafka's controller.")
    mongo_port: Port = Field(19_017, description="Port of MongoDB.")
    https_port: Port = Field(8443, description="Port of the load balancer.")
    http_port: Port = Field(8080, description="Port from which the load balancer sends plain HTTP to HTTPS.")
    api_port: Port = Field(19_100, description="Port of the first API instance; the others take the ports after it.")
    metrics_port: Port = Field(
        19_200, description="Port of the first consumer's metrics; the others take the ports after it."
    )

    def wanted_ports(self, api: int, consumer: int) -> list[WantedPort]:
        """The ports that a stack of `api` API instances and `consumer` consumers takes."""
        return [
            WantedPort(self.kafka_port, "Kafka", "STACK_KAFKA_PORT"),
            WantedPort(self.kafka_controller_port, "Kafka's controller", "STACK_KAFKA_CONTROLLER_PORT"),
            WantedPort(self.mongo_port, "MongoDB", "STACK_MONGO_PORT"),
            *(self._ports_of_nginx() if self.nginx == "auto" else []),
            *(WantedPort(self.api_port + i, f"API {i + 1}", "STACK_API_PORT") for i in range(api)),
            *(WantedPort(self.metrics_port + i, f"consumer {i + 1}", "STACK_METRICS_PORT") for i in range(consumer)),
        ]

    def _ports_of_nginx(self) -> list[WantedPort]:
        return [
            WantedPort(self.https_port, "nginx", "STACK_HTTPS_PORT"),
            WantedPort(self.http_port, "nginx's redirect", "STACK_HTTP_PORT"),
        ]
