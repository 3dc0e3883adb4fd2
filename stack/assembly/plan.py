"""What one run of the stack consists of: decided before anything starts, read by every process that needs it."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from stack.parts import mongo
from stack.settings import StackSettings

TOPIC = "analytics"
PARTITIONS = 12


class Plan(BaseModel):
    """One run. `folder` holds its data, `url` is where clients reach the API, through the load balancer or without."""

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
        """Folder of the load balancer's certificate and of its authority's, `ca.pem`; outlives runs."""
        return self.settings.state / "certificates"

    @property
    def authority(self) -> Path | None:
        """Certificate of the authority that clients must trust; None: they speak plain HTTP."""
        return self.certificates / "ca.pem" if self.balanced else None

    @property
    def secrets(self) -> Path:
        """Folder of the signing key; outlives runs, so that tokens stay valid."""
        return self.settings.state / "secrets"

    @property
    def logs(self) -> Path:
        """Folder of the parts' output."""
        return self.settings.state / "logs"

    def log(self, part: str) -> Path:
        """File of a part's output, where that does not go to the terminal."""
        return self.logs / f"{part}.log"

    @property
    def api_ports(self) -> list[int]:
        """Where the API instances listen."""
        return [self.settings.api_port + number for number in range(self.api)]

    @property
    def metrics_ports(self) -> list[int]:
        """Where the consumers tell their metrics."""
        return [self.settings.metrics_port + number for number in range(self.consumer)]

    @property
    def environment(self) -> dict[str, str]:
        """What every process of the project is told. The mock broker's address comes from its file instead."""
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
        """Write it into its folder; the file's path."""
        file = self.folder / "plan.json"
        file.write_text(self.model_dump_json(indent=1))
        return file

    @classmethod
    def load(cls, file: Path) -> "Plan":
        """What `save` wrote."""
        return cls.model_validate_json(file.read_text())
