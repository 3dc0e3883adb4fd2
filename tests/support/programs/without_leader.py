"""A consumer for which the leader of partition 0 is away: what it asks about that partition goes where nobody listens.

`python -m tests.support.programs.without_leader`: in all else it is `python -m consumer`.
"""

import sys

from consumer import __main__ as consumer
from consumer.partitions.brokers import Brokers, Question
from shared.settings import ConsumerSettings

NOBODY = "127.0.0.1:1"


class DeafBrokers(Brokers):
    """Asks the wrong broker about partition 0."""

    def __init__(self, settings: ConsumerSettings, client_id: str) -> None:
        super().__init__(settings, client_id)
        self._away = Brokers(settings.model_copy(update={"kafka_bootstrap_servers": NOBODY}), client_id)

    def ask(self, partition: int) -> Question:
        return self._away.ask(partition) if partition == 0 else super().ask(partition)


if __name__ == "__main__":
    vars(consumer)["Brokers"] = DeafBrokers
    sys.exit(consumer.main())
