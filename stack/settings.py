"""Settings of the local stack: environment variables that start with `STACK_`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from stack.ports import Claim

ROOT = Path(__file__).parent.parent
Port = Annotated[int, Field(ge=1024, le=65_000)]


class StackSettings(BaseSettings):
    """Where the local stack keeps its state and which ports it takes, all on 127.0.0.1."""

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

    def claims(self, api: int, consumer: int) -> list[Claim]:
        """Which ports a stack of so many instances takes."""
        return [
            Claim(self.kafka_port, "Kafka", "STACK_KAFKA_PORT"),
            Claim(self.kafka_controller_port, "Kafka's controller", "STACK_KAFKA_CONTROLLER_PORT"),
            Claim(self.mongo_port, "MongoDB", "STACK_MONGO_PORT"),
            *(self._claims_of_nginx() if self.nginx == "auto" else []),
            *(Claim(self.api_port + i, f"API {i + 1}", "STACK_API_PORT") for i in range(api)),
            *(Claim(self.metrics_port + i, f"consumer {i + 1}", "STACK_METRICS_PORT") for i in range(consumer)),
        ]

    def _claims_of_nginx(self) -> list[Claim]:
        return [
            Claim(self.https_port, "nginx", "STACK_HTTPS_PORT"),
            Claim(self.http_port, "nginx's redirect", "STACK_HTTP_PORT"),
        ]
