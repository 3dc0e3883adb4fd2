"""Defects of dead letters: of rejecting, storing and copying them."""

from tests.mutants.mutant import Edit, Mutant
from tests.mutants.scenarios import LETTERS, LOAD

TRANSACTION = "consumer/storage/transaction.py"

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
)
