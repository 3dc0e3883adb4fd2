"""Each scenario in words, for the tables that `make faults` and `make mutants` print and docs/guarantees.md quotes."""

from collections.abc import Mapping
from typing import Final

_STEPS: Final = {
    "claim_read": "after a claim has read the partition's document",
    "claim_sessions_killed": "after a claim has ended the former owner's transaction",
    "claim_raised": "after a claim has raised the epoch",
    "claim_checked": "after a claim has compared the offsets with Kafka's",
    "before_offsets": "before a transaction moves the offsets",
    "after_offsets": "after a transaction has moved the offsets",
    "after_event_ids": "after a transaction has inserted the events' ids",
    "after_events": "after a transaction has inserted the raw events",
    "after_rollups": "after a transaction has written the rollups",
    "after_totals": "after a transaction has written the totals",
    "after_products": "after a transaction has written the products",
    "before_commit": "before a transaction commits",
    "after_commit": "after a transaction has committed",
    "after_leases": "after the leases have noted the commit",
}

SCENARIOS: Final[Mapping[str, str]] = {
    # clocks
    "a_consumers_clock_off_mongodbs[-1]": "a consumer's clock is an hour behind MongoDB's",
    "a_consumers_clock_off_mongodbs[1]": "a consumer's clock is an hour ahead of MongoDB's",
    "an_apis_clock_off_mongodbs[-1]": "the API's clock is an hour behind MongoDB's",
    "an_apis_clock_off_mongodbs[1]": "the API's clock is an hour ahead of MongoDB's",
    # dead letters
    "kill_9_loses_no_copy": "kill -9 at each step of a transaction, and while dead letters are copied",
    # event ids
    "what_is_published_twice_counts_once_while_consumers_die_and_freeze": (
        "one event of twenty is published twice, over consumers that die and freeze at each step of a transaction"
    ),
    # kafka
    "a_broker_killed_and_restarted": "Kafka's broker is killed and started again",
    "a_topic_recreated_halts_until_it_is_resolved_and_nothing_collides": (
        "the topic is deleted and created again: its partitions halt until a person decides"
    ),
    "retention_that_passes_unread_offsets_halts_until_it_is_resolved": (
        "Kafka's retention takes unread messages: the partition halts until a person decides"
    ),
    "partitions_added_while_running_are_picked_up": "partitions are added to the topic while consumers read",
    "transactions_that_producers_abort_are_never_seen": (
        "producers abort Kafka transactions, and the consumer is killed meanwhile"
    ),
    "an_open_transaction_holds_as_of_back_and_ends": (
        "a producer leaves a Kafka transaction open: as-of stands still until it ends"
    ),
    # kills
    "kill_9_at_every_step_and_at_random": "kill -9 at every step of claims, transactions and rebalances, and at random",
    **{f"a_death_at[{step}]": f"kill -9 {moment}" for step, moment in _STEPS.items()},
    # load
    "a_backlog_of_two_million_in_300_mib": "a backlog of two million events, read within 300 MiB",
    "ten_thousand_poison_messages_in_a_row": "ten thousand messages in a row that the contract rejects",
    "an_event_that_mongodb_alone_refuses": "MongoDB refuses events by a validator that an operator added",
    # mongodb
    "primaries_that_step_down_die_or_freeze": "MongoDB's primary steps down, dies or freezes",
    "what_a_primary_alone_had_was_never_called_committed": (
        "MongoDB's primary dies with writes that no other member has"
    ),
    "a_restarted_and_a_killed_mongod": "mongod is restarted or killed",
    "a_mongod_that_hardly_runs": "mongod is stopped for more than half of the time",
    "a_disk_that_is_full": "MongoDB's disk is full",
    # network
    "connections_cut_before_and_after_each_command": "connections to MongoDB are cut before and after each command",
    "replies_to_commits_that_are_lost[after]": "MongoDB's reply to a commit is lost: the connection is cut",
    "replies_to_commits_that_are_lost[swallow]": "MongoDB's reply to a commit is lost: the consumer waits in vain",
    "a_black_hole_hangs_no_call": "connections to MongoDB fall silent and stay open",
    # sealing
    "old_days_are_sealed_while_consumers_die_and_freeze": (
        "old days are sealed while late events arrive, by consumers that die and freeze at each step of the transaction"
    ),
    # storm
    "a_storm_of_rebalances": "a consumer joins or leaves every second",
    # tops
    "tops_are_right_or_away_while_consumers_die_and_freeze": (
        "an instance of the API follows what consumers add, while they die and freeze inside transactions"
    ),
    # zombies
    "frozen_at_each_step_and_taken_over": (
        "a consumer freezes at each step of a claim and of a transaction; another takes over"
    ),
    "frozen_inside_a_transaction_of_all_partitions": (
        "a consumer freezes inside a transaction of all partitions; another takes over"
    ),
    "frozen_at_random_and_taken_over": "consumers freeze at random moments; others take over",
    "a_claimant_frozen_before_its_claim_takes_nothing_back": (
        "a consumer freezes inside a claim and wakes up after another's claim"
    ),
    "partitions_move_while_their_transaction_is_open_and_the_rest_stay": (
        "two of four partitions move while a transaction of all four is open"
    ),
    "lost_partitions_are_thrown_away_at_once_while_mongodb_is_silent": (
        "a consumer loses its partitions while MongoDB is silent"
    ),
    "mongodb_away_during_a_rebalance": "MongoDB is away during a rebalance",
}
"""By the test's name without `test_`, with its parameter where it has one."""


def in_words(test: str) -> str:
    """What a test of the fault suite does. `test` is pytest's name for it, such as `test_a_death_at[after_commit]`.

    Raises KeyError for a test that has no words here.
    """
    return SCENARIOS[test.removeprefix("test_")]
