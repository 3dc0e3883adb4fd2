"""Defects of a batch and of the transaction that stores it."""

from tests.mutants.mutant import Edit, Mutant
from tests.mutants.scenarios import KILLS, MONGODB, NETWORK

COMMITTER = "consumer/storage/committer.py"
PIPELINE = "tests/integration/consumer/storage/test_pipeline.py"
SECOND = "tests/integration/consumer/storage/test_second_failures.py"
TRANSACTION = "consumer/storage/transaction.py"
RETENTION = "consumer/retention.py"
COMMITTER_TEST = "tests/integration/consumer/storage/test_committer.py"
INCREMENTS = "tests/unit/consumer/batches/test_increments.py"
PLAN = "tests/unit/consumer/storage/test_plan.py"
KEEPERS = "tests/integration/consumer/test_retention_between_consumers.py"
DROPS = "tests/integration/consumer/test_retention.py"

MUTANTS = (
    Mutant(
        "the compare-and-swap is dropped",
        f"{NETWORK}::test_replies_to_commits_that_are_lost[swallow]",
        (Edit(TRANSACTION, ', "epoch": lease.epoch, "next_offset": lease.next_offset}', "}"),),
    ),
    Mutant(
        "a rating on the border of two bins is counted in the lower one",
        f"{INCREMENTS}::test_five_is_in_the_last_bin",
        (Edit("shared/documents.py", "min(hundredths // 50, HISTOGRAM_BINS - 1)", "hundredths // 51"),),
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
        "the next offset lacks its + 1",
        f"{KILLS}[after_commit]",
        (Edit("consumer/partitions/taken.py", "offset_of(self.messages[-1]) + 1", "offset_of(self.messages[-1])"),),
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
        "when a batch fails, the ready one behind it is forgotten although its leases are held",
        f"{PIPELINE}::test_when_a_batch_fails_what_is_ready_behind_it_is_kept_for_the_leases_that_are_held",
        (
            Edit(
                "consumer/pipeline.py",
                "ready = self._ready.batch.taken if self._ready is not None else ()",
                "ready: tuple[Taken, ...] = ()",
            ),
        ),
    ),
    Mutant(
        "when a lease is lost, the messages of other partitions that wait behind the open batch are forgotten",
        f"{PIPELINE}::test_of_several_partitions_the_lost_one_is_dropped_and_the_others_are_written_once[1]",
        (Edit("consumer/pipeline.py", "*self._open.taken, *self._waiting)", "*self._open.taken)"),),
    ),
    Mutant(
        "a stop during an outage goes on trying",
        f"{SECOND}::test_stopping_during_an_outage_makes_the_running_attempt_the_last",
        (Edit(COMMITTER, "(self._stopping.is_set() or time", "(time"),),
    ),
    Mutant(
        "what a halved batch's lost attempt had written is never reported, and its dead letters wake no copier",
        f"{SECOND}::test_a_reply_that_is_lost_again_and_again_while_it_is_looked_into",
        (Edit(COMMITTER, "if behind := batch.written_behind(half):", "if behind := None:"),),
    ),
    Mutant(
        "a restored offset at which an earlier batch ended is taken for a lost reply, and what follows is skipped",
        f"{SECOND}::test_an_offset_that_a_backup_restores_to_an_earlier_batchs_end_is_no_lost_reply",
        (Edit(COMMITTER, "        self._attempted = set()\n        unwritten", "        unwritten"),),
    ),
    Mutant(
        "the newest stored event is looked for in every partition instead of the product's own",
        f"{COMMITTER_TEST}::test_a_newer_event_of_another_partition_names_no_product_here",
        (Edit("consumer/storage/reading.py", '{"_id": times, "_id.k": partition}', '{"_id": times}'),),
    ),
    Mutant(
        "the newest event is taken for known when a batch brings another by the known name",
        f"{PLAN}::test_what_may_be_older_than_a_stored_event_stays_so_until_mongodb_was_asked",
        (
            Edit(
                "consumer/storage/plan.py",
                "KnownProduct(first_seen, latest, known.is_newest)",
                "KnownProduct(first_seen, latest, True)",
            ),
        ),
    ),
    Mutant(
        "a day's collection that was found once is never looked for again",
        f"{COMMITTER_TEST}::test_a_day_that_somebody_dropped_is_made_anew_as_it_must_be",
        (
            Edit(
                "consumer/storage/committer.py",
                "if self._found_days.get(name, -math.inf) <= found_since:",
                "if name not in self._found_days:",
            ),
        ),
    ),
    Mutant(
        "of several consumers the one that keeps the fewest days counts",
        f"{KEEPERS}::test_the_consumer_that_keeps_days_longest_counts_while_it_runs",
        (Edit(RETENTION, "days = max((keeper", "days = min((keeper"),),
    ),
    Mutant(
        "a consumer that starts while days are dropped is not heard",
        f"{KEEPERS}::test_a_consumer_that_starts_between_two_days_keeps_the_second",
        (Edit(RETENTION, "for day in old if day < self._kept_from(now)]", "for day in old]"),),
    ),
    Mutant(
        "a consumer gives back the lock that another has taken over",
        f"{KEEPERS}::test_a_lock_that_another_consumer_has_taken_over_is_not_given_back",
        (Edit(RETENTION, '{"_id": RETENTION, "owner": self._owner}, {"$unset"', '{"_id": RETENTION}, {"$unset"'),),
    ),
    Mutant(
        "a day is noted as dropped after it was",
        f"{DROPS}::test_a_day_is_noted_as_dropped_before_it_is",
        (
            Edit(
                RETENTION,
                """{"$max": {"dropped_before": day + 1}})
        name = event_collection(day * DAY_MS)
        self._database.drop_collection(name)
""",
                """{"$max": {"dropped_before": 0}})
        name = event_collection(day * DAY_MS)
        self._database.drop_collection(name)
        self._database[MAINTENANCE].update_one({"_id": RETENTION}, {"$max": {"dropped_before": day + 1}})
""",
            ),
        ),
    ),
)
