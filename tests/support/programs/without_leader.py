"""The consumer as if the leader of partition 0 were away: `python -m tests.support.programs.without_leader`.

Its questions about partition 0 go to an address where nobody listens; all else is as in `python -m consumer`.
"""

import sys

from consumer import __main__ as consumer
from consumer.partitions.brokers import Brokers, PartitionQuery
from shared.settings import ConsumerSettings

NOBODY = "127.0.0.1:1"
"""Nothing listens on this port."""


class BrokersWithoutLeader(Brokers):
    """Asks about partition 0 where nobody listens, and about other partitions as usual."""

    def __init__(self, settings: ConsumerSettings, client_id: str) -> None:
        super().__init__(settings, client_id)
        self._away = Brokers(settings.model_copy(update={"kafka_bootstrap_servers": NOBODY}), client_id)

    def ask(self, partition: int) -> PartitionQuery:
        return self._away.ask(partition) if partition == 0 else super().ask(partition)


if __name__ == "__main__":
    vars(consumer)["Brokers"] = BrokersWithoutLeader
    sys.exit(consumer.main())
