"""Defects of dead letters: of rejecting, storing and copying them."""

from tests.mutants.mutant import Edit, Mutant
from tests.mutants.scenarios import LETTERS, LOAD

TRANSACTION = "consumer/storage/transaction.py"
REPLAYS = "tests/integration/scripts/dead_letters/test_replays_beside_others.py"

MUTANTS = (
    Mutant(
        "a poison message is skipped silently",
        f"{LOAD}::test_ten_thousand_poison_messages_in_a_row",
        (Edit("consumer/events/decode.py", "rejected.append((message, verdict))", "pass"),),
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
        "a replay stores an event in a day that is dropped while it runs",
        f"{REPLAYS}::test_a_day_that_is_dropped_while_a_replay_runs_gets_no_event",
        (
            Edit(
                "scripts/dead_letters/replay.py",
                """find_one_and_update(
            {"_id": RETENTION}, {"$inc": {"replays": 1}}, upsert=True, session=session
        )""",
                """find_one({"_id": RETENTION}, session=session)""",
            ),
        ),
    ),
    Mutant(
        "a letter is replayed whatever its state has become meanwhile",
        f"{REPLAYS}::test_a_letter_that_is_discarded_meanwhile_is_not_replayed",
        (
            Edit(
                "scripts/dead_letters/replay.py",
                """{"_id": item.letter["_id"], "state": {"$in": self._states}},""",
                """{"_id": item.letter["_id"]},""",
            ),
        ),
    ),
)
