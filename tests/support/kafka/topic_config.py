"""The settings of one topic on the broker."""

from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource

from tests.support.servers.interface import KafkaServer


def set_topic(kafka: KafkaServer, topic: str, **settings: object) -> None:
    """Change settings of a topic: `max_message_bytes=20_000` sets `max.message.bytes`. Returns once it is done."""
    entries = [
        ConfigEntry(name.replace("_", "."), str(value), incremental_operation=AlterConfigOpType.SET)
        for name, value in settings.items()
    ]
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=entries)
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    admin.incremental_alter_configs([resource])[resource].result(10)
