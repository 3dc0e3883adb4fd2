"""Defects of claims, of assignments and of the offsets from which reading goes on."""

from tests.mutants.mutant import Edit, Mutant
from tests.mutants.scenarios import KAFKA, KILLS, ZOMBIES

CLAIMS = "consumer/partitions/claims.py"

MUTANTS = (
    Mutant(
        "partitions that are lost are handled as revoked ones",
        f"{ZOMBIES}::test_lost_partitions_are_thrown_away_at_once_while_mongodb_is_silent",
        (Edit("consumer/partitions/assignment.py", "on_lost=self._on_lost", "on_lost=self._on_revoke"),),
    ),
    Mutant(
        "every generation of the topic is the first",
        f"{KAFKA}::test_a_topic_recreated_halts_until_it_is_resolved_and_nothing_collides",
        (
            Edit(
                "consumer/batches/batch.py",
                "Encoder(lease.partition, lease.generation)",
                "Encoder(lease.partition, 1)",
            ),
        ),
    ),
    Mutant(
        "a claim ignores the epoch that it read",
        f"{ZOMBIES}::test_a_claimant_frozen_before_its_claim_takes_nothing_back",
        (Edit(CLAIMS, '{"_id": identity, "epoch": seen["epoch"]}', '{"_id": identity}'),),
    ),
    Mutant(
        "a claim does not raise the epoch",
        f"{KILLS}[after_commit]",
        (Edit(CLAIMS, '"$inc": {"epoch": 1}', '"$inc": {"epoch": 0}'),),
    ),
    Mutant(
        "a claim leaves the former owner's transaction open",
        f"{ZOMBIES}::test_frozen_inside_a_transaction_of_all_partitions",
        (Edit(CLAIMS, 'self._admin.command({"killSessions": [seen["lsid"]]})', "pass"),),
    ),
    Mutant(
        "reading goes on one offset too far after a claim",
        f"{KILLS}[after_commit]",
        (
            Edit(
                "consumer/partitions/assignment.py",
                "TopicPartition(self._topic, assigned.partition, lease.read_from)",
                "TopicPartition(self._topic, assigned.partition, lease.read_from + 1)",
            ),
        ),
    ),
    Mutant(
        "a recreated topic is read on at the old offset",
        f"{KAFKA}::test_a_topic_recreated_halts_until_it_is_resolved_and_nothing_collides",
        (
            Edit(
                CLAIMS,
                "if NO_TOPIC_ID not in (state.topic_id, stored_id) and state.topic_id != stored_id:",
                "if False:",
            ),
        ),
    ),
    Mutant(
        "records of aborted Kafka transactions are read",
        f"{KAFKA}::test_transactions_that_producers_abort_are_never_seen",
        (
            Edit(
                "consumer/partitions/brokers.py",
                '"isolation.level": settings.kafka_isolation_level',
                '"isolation.level": "read_uncommitted"',
            ),
        ),
    ),
)
