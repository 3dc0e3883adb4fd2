"""What one run of the stack consists of; decided before anything starts, and read again by the driver's process."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from stack.parts import mongo
from stack.settings import StackSettings

TOPIC = "analytics"

PARTITIONS = 12
"""Partitions of the topic in Apache Kafka: at most so many consumers have work.

Twelve divide evenly among two, three or four consumers. With half of it, a seventh consumer would be idle; with twice
of it, each batch and each start touch twice as many documents of partitions.
"""


class Plan(BaseModel):
    """One run of the stack.

    `folder` holds its data. `api` and `consumer` are numbers of instances. `kafka` says which broker runs: Apache
    Kafka, or librdkafka's mock broker. `url` is where clients reach the API: https at the load balancer, or http at the
    first API instance where there is no load balancer.
    """

    model_config = ConfigDict(frozen=True)

    settings: StackSettings
    folder: Path
    api: int
    consumer: int
    kafka: Literal["apache", "mock"]
    url: str

    @property
    def balanced(self) -> bool:
        """Whether there is a load balancer."""
        return self.url.startswith("https:")

    @property
    def certificates(self) -> Path:
        """The folder of the load balancer's certificate and of its authority's, `ca.pem`. Runs share it."""
        return self.settings.state / "certificates"

    @property
    def authority(self) -> Path | None:
        """The certificate of the authority that clients must trust; None where they speak plain HTTP."""
        return self.certificates / "ca.pem" if self.balanced else None

    @property
    def secrets(self) -> Path:
        """The folder of the signing key. Runs share it, so that tokens stay valid."""
        return self.settings.state / "secrets"

    @property
    def logs(self) -> Path:
        """The folder of the parts' output; each run begins with an empty one."""
        return self.settings.state / "logs"

    def log(self, part: str) -> Path:
        """The file of a part's output, for parts whose output does not go to the terminal."""
        return self.logs / f"{part}.log"

    @property
    def api_ports(self) -> list[int]:
        """The ports of the API instances, in order."""
        return [self.settings.api_port + number for number in range(self.api)]

    @property
    def metrics_ports(self) -> list[int]:
        """The ports of the consumers' metrics, in order."""
        return [self.settings.metrics_port + number for number in range(self.consumer)]

    @property
    def environment(self) -> dict[str, str]:
        """The settings of every process of the project, as environment variables.

        The mock broker's address is not among them: it is known only when the broker runs, and comes from a file
        (`Part.env_files`). The mock broker has no topic ids, so consumers must not check them.
        """
        kafka = (
            {"KAFKA_BOOTSTRAP_SERVERS": f"127.0.0.1:{self.settings.kafka_port}"}
            if self.kafka == "apache"
            else {"KAFKA_TOPIC_ID_CHECK": "false"}
        )
        return {
            **kafka,
            "KAFKA_TOPIC": TOPIC,
            "MONGODB_URI": mongo.uri(self.settings.mongo_port),
            "SECRETS_DIR": str(self.secrets),
            "LOG_FORMAT": "console",
        }

    def save(self) -> Path:
        """Write the plan to a file in its folder. Return the file's path."""
        file = self.folder / "plan.json"
        file.write_text(self.model_dump_json(indent=1))
        return file

    @classmethod
    def load(cls, file: Path) -> "Plan":
        """Return the plan that `save` wrote to this file."""
        return cls.model_validate_json(file.read_text())
