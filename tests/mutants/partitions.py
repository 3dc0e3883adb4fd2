"""Defects of claims, of assignments and of the offsets from which reading goes on."""

from tests.mutants.mutant import Edit, Mutant
from tests.mutants.scenarios import KAFKA, KILLS, ZOMBIES

AS_OF = "consumer/partitions/progress.py"
STATISTICS = "consumer/partitions/statistics.py"
STATUS = "consumer/partitions/status.py"
CLAIMS = "consumer/partitions/claims.py"
CLAIM_FAILURES = "tests/integration/consumer/partitions/test_claim_failures.py"
CLAIMER = "tests/unit/consumer/partitions/test_claimer.py"
PROGRESS = "tests/unit/consumer/partitions/test_progress.py"
SECOND = "tests/integration/consumer/storage/test_second_failures.py"

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
    Mutant(
        "`caught_up_at` is taken when the broker names the end, stored or not",
        f"{PROGRESS}::test_answers_are_complete_up_to_the_earlier_statistics_once_what_the_broker_named_after_them_is_stored",
        (Edit(AS_OF, "if end is None or stored < end.position else", "if end is None else"),),
    ),
    Mutant(
        "as-of runs on behind an open Kafka transaction",
        f"{KAFKA}::test_an_open_transaction_holds_as_of_back_and_ends",
        (Edit(AS_OF, "Mark(before.at, latest.high)", "Mark(before.at, latest.stable)"),),
    ),
    Mutant(
        "as-of runs on while a partition is paused, by what other partitions bring",
        f"{PROGRESS}::test_while_the_client_does_not_fetch_what_kafka_holds_is_unknown",
        (
            Edit(AS_OF, " and latest.at >= assigned.fetched_since", ""),
            Edit(AS_OF, "one.at >= fetched_since and ", ""),
        ),
    ),
    Mutant(
        "as-of is the moment at which an answer came, however long it was on its way",
        f"{PROGRESS}::test_an_answer_that_was_on_its_way_for_long_says_nothing_of_the_moment_at_which_it_came",
        (Edit(STATISTICS, "earlier.fetches.sent + 2", "earlier.fetches.sent + 1"),),
    ),
    Mutant(
        "a status that a wrong clock made is stored once the clock is right",
        f"{SECOND}::test_no_status_is_stored_that_a_wrong_clock_made_though_it_is_set_right_meanwhile[1]",
        (
            Edit(
                "consumer/reporter.py",
                "self._clocks.check(*(status.at + passed for status in statuses))",
                "self._clocks.check()",
            ),
        ),
    ),
    Mutant(
        "a former owner's status writes `read_to` after another has claimed the partition",
        f"{CLAIM_FAILURES}::test_a_status_moves_as_of_forward_only_and_no_offset_of_another_owner",
        (Edit(STATUS, '"epoch": status.lease.epoch, ', ""),),
    ),
    Mutant(
        "a claim halts by what Kafka said before the former owner's last batch",
        f"{CLAIM_FAILURES}::test_a_state_that_is_older_than_the_claim_halts_nothing",
        (Edit(CLAIMS, 'state = self._broker.ask(claimed["_id"]["k"]).answer()\n', "pass\n"),),
    ),
    Mutant(
        "a partition that was taken away while a round of claims waited is claimed all the same",
        f"{CLAIM_FAILURES}::test_a_partition_that_was_taken_away_meanwhile_is_not_claimed",
        (Edit("consumer/partitions/claim_round.py", " and self._assignment.holds(assigned)", ""),),
    ),
    Mutant(
        "partitions that MongoDB's outage kept from being claimed are tried again without a pause",
        f"{CLAIMER}::test_when_mongodb_goes_away_within_a_round_what_was_won_is_read_and_the_rest_waits",
        (Edit("consumer/partitions/claimer.py", "self._assignment.postpone(assigned, claim_at)", "pass"),),
    ),
)
