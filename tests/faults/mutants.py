"""Defects that the fault suite must find: each is a change of the code's text, with the scenario that must fail for it.

`tests/faults/mutate.py` tries them. When the code moves, `test_mutants.py` fails until the change's text follows.
"""

from pathlib import Path
from typing import NamedTuple

KILLS = "tests/faults/test_kills.py::test_a_death_at"
ZOMBIES = "tests/faults/test_zombies.py"
NETWORK = "tests/faults/test_network.py"
MONGODB = "tests/faults/test_mongodb.py"
KAFKA = "tests/faults/test_kafka.py"
CLOCKS = "tests/faults/test_clocks.py"
LOAD = "tests/faults/test_load.py"
LETTERS = "tests/faults/test_dead_letters.py"


class MutantOutOfDate(Exception):
    """A mutant's text is not in its file exactly once: the code has moved."""


class Edit(NamedTuple):
    """Replaces `old`, which is in the file exactly once, by `new`."""

    file: str
    old: str
    new: str


class Mutant(NamedTuple):
    """One defect, said in words and as edits; `scenario` is the test that must fail for it."""

    defect: str
    scenario: str
    edits: tuple[Edit, ...]


def apply(mutant: Mutant, root: Path) -> None:
    """Make the mutant's edits in the tree at `root`. Raises MutantOutOfDate when a text is not there exactly once."""
    for edit in mutant.edits:
        path = root / edit.file
        text = path.read_text()
        if text.count(edit.old) != 1:
            raise MutantOutOfDate(
                f"{mutant.defect!r} looks for {edit.old!r} in {edit.file} and finds it {text.count(edit.old)} times: "
                "the code has moved, so say the same defect in its new words, in tests/faults/mutants.py"
            )
        path.write_text(text.replace(edit.old, edit.new))


TRANSACTION, CLAIMS = "consumer/storage/transaction.py", "consumer/partitions/claims.py"

MUTANTS = (
    Mutant(
        "the compare-and-swap is dropped",
        f"{NETWORK}::test_replies_to_commits_that_are_lost[swallow]",
        (Edit(TRANSACTION, ', "epoch": lease.epoch, "next_offset": lease.next_offset}', "}"),),
    ),
    Mutant(
        "the offset is stored after the commit",
        f"{KILLS}[after_commit]",
        (
            Edit(
                TRANSACTION,
                '            self._move_offsets(prepared.ends)\n            failpoints.reach("after_offsets")\n',
                '            failpoints.reach("after_offsets")\n',
            ),
            Edit(
                TRANSACTION,
                '        failpoints.reach("after_commit")\n',
                '        failpoints.reach("after_commit")\n        self._move_offsets(prepared.ends)\n',
            ),
        ),
    ),
    Mutant(
        "a batch is run again whole when a commit's result is unknown",
        f"{NETWORK}::test_replies_to_commits_that_are_lost[swallow]",
        (Edit("consumer/partitions/taken.py", "messages=self.messages[written:]", "messages=self.messages"),),
    ),
    Mutant(
        "partitions that are lost are handled as revoked ones",
        f"{ZOMBIES}::test_lost_partitions_are_thrown_away_at_once_while_mongodb_is_silent",
        (Edit("consumer/partitions/assignment.py", "on_lost=self._on_lost", "on_lost=self._on_revoke"),),
    ),
    Mutant(
        "rollups are updated outside the transaction",
        f"{KILLS}[before_commit]",
        (
            Edit(
                TRANSACTION,
                "(self._database, collection, updates, self._session)",
                "(self._database, collection, updates, None if collection == ROLLUPS else self._session)",
            ),
        ),
    ),
    Mutant(
        "new rollups are inserted outside the transaction",
        f"{KILLS}[before_commit]",
        (
            Edit(
                TRANSACTION,
                "(self._database, collection, inserts, self._session)",
                "(self._database, collection, inserts, None if collection == ROLLUPS else self._session)",
            ),
        ),
    ),
    Mutant(
        "transactions are committed at w: 1",
        f"{MONGODB}::test_what_a_primary_alone_had_was_never_called_committed",
        (Edit(TRANSACTION, 'write_concern=WriteConcern("majority")', "write_concern=WriteConcern(1)"),),
    ),
    Mutant(
        "a poison message is skipped silently",
        f"{LOAD}::test_ten_thousand_poison_messages_in_a_row",
        (Edit("consumer/events/decode.py", "rejected.append((message, verdict))", "pass"),),
    ),
    Mutant(
        "the next offset lacks its + 1",
        f"{KILLS}[after_commit]",
        (Edit("consumer/partitions/taken.py", "offset_of(self.messages[-1]) + 1", "offset_of(self.messages[-1])"),),
    ),
    Mutant(
        "the next offset lacks its + 1 where a batch ends in a dead letter",
        f"{LETTERS}::test_kill_9_loses_no_copy",
        (
            Edit(
                "consumer/batches/batch.py",
                "self.ends[lease] = taken.end",
                "last = taken.end - 1\n"
                "        self.ends[lease] = last + all(one['_id']['o'] != last for one in self.rejected[-1:])",
            ),
        ),
    ),
    Mutant(
        "dead letters are stored outside the transaction",
        f"{LETTERS}::test_kill_9_loses_no_copy",
        (Edit(TRANSACTION, "insert_many(letters, session=self._session)", "insert_many(letters)"),),
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
        "the partition is missing in the rollups' id",
        f"{KILLS}[after_commit]",
        (
            Edit(
                "consumer/storage/statements/rollups.py",
                'integer(b"h", hour.number) + integer(b"k", partition)\n    return upsert(',
                'integer(b"h", hour.number) + integer(b"k", 0)\n    return upsert(',
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
        "events are rejected for their time by a clock that nobody compares",
        f"{CLOCKS}::test_a_consumers_clock_off_mongodbs[-1]",
        (
            Edit(
                "consumer/storage/committer.py",
                "self._clocks.check(*(taken.clock_now() for taken in batch.taken))",
                "pass",
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
