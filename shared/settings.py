"""Settings of every process, read from the environment.

Each field is the environment variable of the same name in capitals. A file named like the field, in the folder that
`SECRETS_DIR` names, does as well (container secrets are mounted so); the environment wins. Unknown and empty variables
are ignored. A wrong value ends the process, which names the variable. docs/operations/settings.md lists every setting
with the description given here; a test compares the two.
"""

import os
from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict
from pymongo.uri_parser import parse_uri

from shared.errors import ConfigurationError
from shared.setting_types import HeaderName, KeyId, Name, Networks, OptionalName, Origins, Port, TokenName, listed


class SharedSettings(BaseSettings):
    """Settings that both services have."""

    model_config = SettingsConfigDict(extra="ignore", hide_input_in_errors=True, env_ignore_empty=True)

    mongodb_uri: SecretStr = Field(
        SecretStr("mongodb://127.0.0.1:27017/?replicaSet=rs0"),
        description="Connection string of the MongoDB replica set; holds the password, so it is a secret.",
    )
    mongodb_database: Name = Field(
        "analytics", description="Database of one consumer group; a second group needs its own."
    )
    mongodb_timeout_ms: Annotated[int, Field(ge=100, le=10_000)] = Field(
        3000, description="Deadline of one MongoDB call, in milliseconds."
    )
    event_retention_days: Annotated[int, Field(ge=1, le=3650)] = Field(
        400,
        description="Events older than this many days are rejected as `too_old`; raw ones are dropped 2 days later.",
    )
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="`json`, `console`, or `auto`: console on a terminal, JSON elsewhere."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe level that is logged."
    )
    bugsnag_api_key: SecretStr = Field(SecretStr(""), description="Errors are reported to Bugsnag when this is set.")
    bugsnag_endpoint: str = Field("", description="Address of an on-premise Bugsnag receiver; empty: Bugsnag's own.")
    bugsnag_release_stage: str = Field("production", description="Release stage that reports carry.")

    @field_validator("mongodb_uri")
    @classmethod
    def _is_connection_string(cls, uri: SecretStr) -> SecretStr:
        """Check the text only: a lookup, as `mongodb+srv` needs it, would wait for the network.

        The parser's error is left out, since it may quote the password.
        """
        text = uri.get_secret_value()
        if not text.startswith("mongodb+srv://"):
            try:
                parse_uri(text)
            except Exception:
                raise ValueError("not a MongoDB connection string") from None
        return uri

    @classmethod
    def load(cls) -> Self:
        """Read the settings from the environment and from the folder that `SECRETS_DIR` names.

        Raises ConfigurationError, which names every wrong variable and never its value.
        """
        folder = os.environ.get("SECRETS_DIR") or None
        if folder is not None and not os.path.isdir(folder):
            raise ConfigurationError(f"SECRETS_DIR: {folder} is not a folder")
        if folder is not None and (unreadable := _unreadable(Path(folder), cls.model_fields)):
            raise ConfigurationError("; ".join(unreadable))
        try:
            return cls(_secrets_dir=folder)
        except ValidationError as error:
            wrong = [f"{'.'.join(map(str, each['loc'])).upper()}: {each['msg']}" for each in error.errors()]
            raise ConfigurationError("; ".join(wrong)) from None


def _unreadable(folder: Path, names: Iterable[str]) -> list[str]:
    """What is wrong with the files of these names: a folder in a file's place, no permission, bytes that are no text.

    Pydantic warns of a folder and takes the default, and raises an error of its own for the others.
    """
    wrong = []
    for name in names:
        try:
            if (file := folder / name).exists():
                file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            wrong.append(f"{name.upper()}: {file} cannot be read: {why}")
    return wrong


class KafkaSettings(SharedSettings):
    """Settings that every Kafka client has: the consumer, and the scripts that ask Kafka."""

    kafka_bootstrap_servers: str = Field("127.0.0.1:9092", description="Comma-separated `host:port` of Kafka brokers.")
    kafka_topic: Name = Field("analytics", description="Topic of the events.")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = Field(
        "PLAINTEXT", description="How clients talk to the brokers."
    )
    kafka_sasl_mechanism: Literal["", "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        "", description="SASL mechanism."
    )
    kafka_sasl_username: str = Field("", description="SASL user name.")
    kafka_sasl_password: SecretStr = Field(SecretStr(""), description="SASL password.")
    kafka_ssl_ca_location: str = Field(
        "", description="File or folder of CA certificates that signed the brokers' own."
    )

    def kafka_client(self) -> dict[str, str | int | float | bool]:
        """librdkafka's settings for a connection, without those that are not set."""
        connection: dict[str, str | int | float | bool] = {
            "bootstrap.servers": self.kafka_bootstrap_servers,
            "security.protocol": self.kafka_security_protocol,
            "sasl.mechanism": self.kafka_sasl_mechanism,
            "sasl.username": self.kafka_sasl_username,
            "sasl.password": self.kafka_sasl_password.get_secret_value(),
            "ssl.ca.location": self.kafka_ssl_ca_location,
        }
        return {name: value for name, value in connection.items() if value != ""}


class ConsumerSettings(KafkaSettings):
    """Settings of `python -m consumer`."""

    group_id: Name = Field("analytics", description="Kafka consumer group; all replicas share it.")
    dead_letter_topic: OptionalName = Field("", description="Topic that gets a copy of every rejection; empty: none.")
    event_id_days: Annotated[int, Field(ge=0, le=365)] = Field(
        7, description="How many days an event's `event_id` is remembered, so that it counts once; 0: not at all."
    )
    seal_after_hours: Annotated[int, Field(ge=50, le=8760)] = Field(
        72, description="Hours after the end of a UTC day at which its sums by hour are folded into one document a day."
    )
    event_id_header: HeaderName = Field(
        "", description="Kafka header that gives an event its id where it has no `event_id`; empty: none."
    )
    kafka_topic_id_check: bool = Field(
        True,
        description="Compare the topic's id with the stored one; off only where the broker has no ids to give.",
    )
    kafka_session_timeout_ms: Annotated[int, Field(ge=1000, le=300_000)] = Field(
        10_000, description="Kafka gives a silent consumer's partitions away after this many milliseconds."
    )
    kafka_isolation_level: Literal["read_committed", "read_uncommitted"] = Field(
        "read_committed", description="Whether records of aborted Kafka transactions are skipped."
    )
    batch_max_events: Annotated[int, Field(ge=1, le=50_000)] = Field(
        20_000, description="Most events in one transaction; a batch holds what is there, up to this."
    )
    fetch_memory_kib: Annotated[int, Field(ge=1024, le=1_048_576)] = Field(
        24 * 1024, description="Memory for records fetched ahead, in KiB, over all partitions."
    )
    metrics_host: str = Field("0.0.0.0", description="Address on which Prometheus metrics are served.")  # noqa: S104
    metrics_port: Port = Field(9100, description="Port of the Prometheus metrics; 0: not served.")

    @field_validator("dead_letter_topic")
    @classmethod
    def _is_another_topic(cls, topic: str, info: ValidationInfo) -> str:
        """Copies need another topic: among the events a copy would be rejected and copied again, without end."""
        if topic and topic == info.data.get("kafka_topic"):
            raise ValueError("this is KAFKA_TOPIC, whose copies would be rejected and copied again without end")
        return topic


class ApiSettings(SharedSettings):
    """Settings of `python -m api` and of `python -m scripts.tokens`."""

    api_host: str = Field("127.0.0.1", description="Address that the API listens on.")
    api_port: Port = Field(8000, description="Port that the API listens on.")
    drain_seconds: Annotated[float, Field(ge=0, le=60)] = Field(
        5.0, description="After SIGTERM, seconds for requests in flight to end."
    )
    token_signing_key: SecretStr = Field(
        SecretStr(""),
        description="Key of the tokens: a random secret of at least 32 bytes (HS256), or a P-256 key in PEM (ES256).",
    )
    token_key_id: KeyId = Field("main", description="`kid` of that key, or the file of `TOKEN_KEYS_DIR` that signs.")
    token_keys_dir: str = Field(
        "",
        description="Folder of keys whose tokens are taken, a file each, named by its `kid`; read every 5 s.",
    )
    token_trust_seconds: Annotated[float, Field(ge=1, le=4.5)] = Field(
        3.0, description="How long a token is believed after MongoDB last confirmed it; then the answer is 503."
    )
    token_issuer: TokenName = Field("product-analytics", description="`iss` of the tokens.")
    token_audience: TokenName = Field("product-analytics-api", description="`aud` of the tokens.")
    trusted_proxies: Networks = Field(
        "",
        description="Addresses and networks, comma-separated, whose `X-Forwarded-For` is believed: load balancers.",
    )
    cors_origins: Origins = Field(
        "", description="Origins, comma-separated, whose pages may ask the API, or `*` for all; empty: none."
    )

    def proxies(self) -> list[IPv4Network | IPv6Network]:
        """The networks in `trusted_proxies`; a single address is a network of one."""
        return [ip_network(entry) for entry in listed(self.trusted_proxies)]

    def origins(self) -> list[str]:
        """The origins in `cors_origins`."""
        return listed(self.cors_origins)
