"""Makes of a setting that Kafka's client does not take the error that names settings."""

from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import KafkaException

from consumer.process.kafka_errors import reason_of
from shared.errors import ConfigurationError


@contextmanager
def client_settings_checked() -> Iterator[None]:
    """Raise ConfigurationError if the client that is made inside refuses a setting, such as a CA file that is missing.

    Make nothing but clients inside: their calls raise KafkaException for other reasons.
    """
    try:
        yield
    except KafkaException as error:
        raise ConfigurationError(f"Kafka's client does not take a KAFKA_ setting: {reason_of(error)}") from error
