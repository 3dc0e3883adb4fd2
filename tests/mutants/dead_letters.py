"""Defects of dead letters: of rejecting, storing, copying, reporting and replaying them."""

from tests.mutants.mutant import Edit, Mutant
from tests.mutants.scenarios import LETTERS, LOAD

TRANSACTION = "consumer/storage/transaction.py"
COPIER = "consumer/dead_letters/copier.py"
RECORD = "consumer/dead_letters/record.py"
REPLAY = "scripts/dead_letters/replay.py"

COPIES_TEST = "tests/integration/consumer/dead_letters/test_copies.py"
RECORD_TEST = "tests/unit/consumer/dead_letters/test_record.py"
REPORTER_TEST = "tests/unit/consumer/test_reporter.py"
REPLAY_TEST = "tests/integration/scripts/dead_letters/test_replay_judgement.py"
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
        "a failed copy of a dead letter is counted as too large and never tried again",
        f"{COPIES_TEST}::test_a_copy_that_fails_otherwise_is_made_again_and_is_not_counted_as_too_large",
        (Edit(COPIER, "attempt.failed[error.str()] += 1", "attempt.too_large.append(document)"),),
    ),
    Mutant(
        "a dead letter is marked as copied when its copy is handed to the client",
        f"{COPIES_TEST}::test_a_copy_that_fails_otherwise_is_made_again_and_is_not_counted_as_too_large",
        (
            Edit(
                COPIER,
                "        for document in documents:\n            try:",
                "        attempt.copied += documents\n        for document in documents:\n            try:",
            ),
        ),
    ),
    Mutant(
        "a round of copies takes dead letters of any size into memory",
        f"{COPIES_TEST}::test_a_round_holds_no_more_than_its_bytes_and_says_whether_more_can_be_copied",
        (Edit(COPIER, "if taken > MOST_BYTES_A_ROUND:", "if False:"),),
    ),
    Mutant(
        "a missing dead-letter topic is named each time that copies are tried",
        f"{COPIES_TEST}::test_a_missing_topic_is_named_once_and_again_when_it_goes_missing_again",
        (Edit("consumer/dead_letters/copy_failures.py", "if cause not in self._failed:", "if letters:"),),
    ),
    Mutant(
        "a header's name that is not UTF-8 ends the consumer",
        f"{COPIES_TEST}::test_headers_that_the_client_cannot_give_cost_no_event_and_are_missed_in_the_letter",
        (
            Edit(
                "consumer/events/message.py",
                "    except (SystemError, UnicodeDecodeError):\n        _left_out(message)\n",
                "    except UnicodeDecodeError:\n        _left_out(message)\n",
            ),
        ),
    ),
    Mutant(
        "headers that a cut dead letter lacks are not counted",
        f"{RECORD_TEST}::test_of_large_headers_the_first_are_kept_and_the_others_counted",
        (Edit(RECORD, "left_out + len(headers) - len(kept), kept", "left_out, kept"),),
    ),
    Mutant(
        "headers that Kafka's client does not show are taken for none",
        f"{COPIES_TEST}::test_more_headers_than_the_client_shows_are_missed_in_the_letter",
        (Edit("consumer/dead_letters/raw_reader.py", "error == KafkaError._BAD_MSG", "False"),),
    ),
    Mutant(
        "progress counts dead letters as stored events",
        f"{REPORTER_TEST}::test_progress_counts_events_as_stored_and_names_dead_letters_apart",
        (Edit("consumer/reporter.py", "len(batch) - len(batch.rejected)", "len(batch)"),),
    ),
    Mutant(
        "a dead letter ages while it waits for its replay",
        f"{REPLAY_TEST}::test_a_letter_does_not_age_while_it_waits",
        (Edit(REPLAY, "TimeLimits.at(aged_to_ms(letter)", "TimeLimits.at(_milliseconds(self._clock())"),),
    ),
    Mutant(
        "a replay believes any time that a producer gave a record",
        "tests/integration/scripts/dead_letters/test_replay_times.py"
        "::test_letters_of_senseless_record_times_are_rejected_still_and_say_why",
        (Edit(REPLAY, "recorded_ms if KAFKAS_YEAR_MS <= recorded_ms <= rejected_ms else rejected_ms", "recorded_ms"),),
    ),
    Mutant(
        "an event is replayed into a day that retention is about to drop",
        f"{REPLAY_TEST}::test_the_days_that_consumers_keep_count",
        (
            Edit(
                REPLAY,
                "first_day_to_keep(self._database, self._retention_days, next_round, session)",
                "0",
            ),
        ),
    ),
    Mutant(
        "one letter that MongoDB refuses keeps a hundred from being replayed",
        f"{REPLAY_TEST}::test_a_letter_that_mongodb_refuses_costs_no_other",
        (Edit(REPLAY, "if outcome != REPLAYED and len(accepted) > 1:", "if False:"),),
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
