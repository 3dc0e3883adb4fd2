"""Defects of counting an event once by its id."""

from tests.mutants.mutant import Edit, Mutant

IDS = "consumer/batches/event_ids.py"
BATCH = "consumer/batches/batch.py"
BATCH_TEST = "tests/unit/consumer/batches/test_event_ids.py"
STORAGE_TEST = "tests/integration/consumer/storage/test_event_ids.py"
TRANSACTION = "consumer/storage/transaction.py"
COUNTED_BEFORE = "consumer/storage/counted_before.py"
REPLAYED_IDS = "scripts/dead_letters/replayed_ids.py"
REPLAY_TEST = "tests/integration/scripts/dead_letters/test_replayed_ids.py"
AUDIT = "scripts/audit/event_ids/check.py"
LETTERS = "scripts/audit/event_ids/letters.py"
AUDIT_TEST = "tests/integration/scripts/audit/test_event_ids.py"
WINDOW = "shared/event_id_window.py"
WINDOW_TEST = "tests/integration/shared/test_event_id_window.py"
REPORTER_TEST = "tests/unit/consumer/test_reporter.py"

MUTANTS = (
    Mutant(
        "an id is inserted outside the transaction",
        f"{STORAGE_TEST}::test_an_attempt_that_dies_leaves_no_id_behind",
        (
            Edit(
                TRANSACTION,
                "commands.insert(self._database, EVENT_IDS, inserts, self._session)",
                "self._database[EVENT_IDS].insert_many([bson.decode(one) for one in inserts])",
            ),
        ),
    ),
    Mutant(
        "the fingerprint is ignored, and a conflict is treated as a duplicate",
        f"{BATCH_TEST}::test_other_content_is_a_conflict_that_keeps_its_bytes",
        (Edit(IDS, "if identity.fingerprint == counted.fingerprint:", "if identity.event_id:"),),
    ),
    Mutant(
        "a duplicate is treated as a conflict",
        f"{BATCH_TEST}::test_the_first_of_two_counts_and_the_other_names_its_place",
        (Edit(IDS, "if identity.fingerprint == counted.fingerprint:", "if not identity.event_id:"),),
    ),
    Mutant(
        "the window of an id is a day longer",
        f"{STORAGE_TEST}::test_an_id_whose_days_are_over_counts_anew_and_is_replaced",
        (Edit(IDS, "self.window_ms = days * DAY_MS", "self.window_ms = (days + 1) * DAY_MS if days else 0"),),
    ),
    Mutant(
        "the window of an id is a day shorter",
        f"{STORAGE_TEST}::test_an_id_whose_days_are_over_counts_anew_and_is_replaced",
        (Edit(IDS, "self.window_ms = days * DAY_MS", "self.window_ms = max(0, days - 1) * DAY_MS"),),
    ),
    Mutant(
        "an id counts anew a moment after its days are over, and not with it",
        f"{BATCH_TEST}::test_an_id_counts_anew_when_its_days_are_over",
        (Edit(IDS, "milliseconds(at) >= window_ms", "milliseconds(at) > window_ms"),),
    ),
    Mutant(
        "MongoDB deletes ids a day early",
        f"{WINDOW_TEST}::test_a_changed_setting_changes_the_index",
        (Edit(WINDOW, "seconds = expiry_seconds(days)", "seconds = expiry_seconds(days - 1)"),),
    ),
    Mutant(
        "MongoDB deletes an id the moment its days are over by its own clock, which may be ahead of a consumer's",
        f"{WINDOW_TEST}::test_mongodb_deletes_an_id_an_hour_after_its_days",
        (
            Edit(
                "shared/documents.py",
                "return days * DAY_MS // 1000 + EVENT_ID_SPARE_SECONDS",
                "return days * DAY_MS // 1000",
            ),
        ),
    ),
    Mutant(
        "the id of another product is taken for the same",
        f"{BATCH_TEST}::test_an_id_belongs_to_a_product_and_is_of_any_kind_of_event",
        (Edit(IDS, "key = event.product, identity.event_id", "key = 0, identity.event_id"),),
    ),
    Mutant(
        "an event's own id, of an attempt whose reply was lost, is taken for a duplicate",
        f"{STORAGE_TEST}::test_a_batch_that_is_run_again_after_a_lost_reply_is_no_repeat_of_itself",
        (Edit(IDS, "if occurrence.place == counted.place:", "if occurrence.place is counted.place:"),),
    ),
    Mutant(
        "only the first event of a stored id is rejected",
        f"{BATCH_TEST}::test_all_events_of_a_stored_id_are_rejected_at_once",
        (Edit(IDS, "        yield from self._repeats.get(key, ())\n", ""),),
    ),
    Mutant(
        "an expired id is inserted beside the old one and not in its place",
        f"{STORAGE_TEST}::test_an_id_whose_days_are_over_counts_anew_and_is_replaced",
        (
            Edit(
                "consumer/storage/plan.py",
                "for key, document in prepared.event_ids.items() if key not in prepared.expired_ids]",
                "for key, document in prepared.event_ids.items()]",
            ),
        ),
    ),
    Mutant(
        "an expired id is replaced whoever has replaced it before",
        f"{STORAGE_TEST}::test_of_two_consumers_that_replace_an_id_one_does",
        (
            Edit(
                "consumer/storage/statements/event_ids.py",
                '    query = b"\\x03_id\\0" + _identity(key) + b"\\x09at\\0" + INT64(milliseconds(old))\n',
                '    query = b"\\x03_id\\0" + _identity(key)\n',
            ),
        ),
    ),
    Mutant(
        "an id that another consumer counted first halts the partition",
        f"{STORAGE_TEST}::test_ids_that_another_consumer_counts_before_each_attempt_are_found_one_after_another",
        (Edit(TRANSACTION, 'if first["code"] == _DUPLICATE_KEY and key not in own_ids:', "if key in own_ids:"),),
    ),
    Mutant(
        "an id of an event that was never stored is waited for, for ever",
        f"{STORAGE_TEST}::test_an_id_of_an_event_that_was_never_stored_halts_its_partition",
        (
            Edit(
                TRANSACTION,
                'if first["code"] == _DUPLICATE_KEY and key not in own_ids:',
                'if first["code"] == _DUPLICATE_KEY:',
            ),
        ),
    ),
    Mutant(
        "two consumers that meet at an id halve their batches",
        f"{STORAGE_TEST}::test_meetings_at_an_id_halve_no_batch",
        (Edit(TRANSACTION, "if error.code != _WRITE_CONFLICT:", "if error.code:"),),
    ),
    Mutant(
        "copies of a refused event are refused one attempt after another",
        f"{STORAGE_TEST}::test_all_copies_of_an_event_that_mongodb_refuses_are_refused_at_once",
        (
            Edit(
                "consumer/storage/committer.py",
                "        coordinates.update(refused_events(self._database, day, repeats))\n",
                "",
            ),
        ),
    ),
    Mutant(
        "MongoDB is asked only before the first attempt",
        f"{STORAGE_TEST}::test_of_two_open_transactions_with_one_id_one_counts_it",
        (
            Edit(
                COUNTED_BEFORE,
                "    verdict = compared(ids, stored_ids(database, ids))\n",
                "    if prepared is None:\n        return batch, prepare(batch, recall)\n"
                "    verdict = compared(ids, stored_ids(database, ids))\n",
            ),
        ),
    ),
    Mutant(
        "ids are asked for without majority",
        f"{STORAGE_TEST}::test_a_batch_without_ids_sends_no_command_more_and_one_with_ids_two",
        (Edit(COUNTED_BEFORE, '{"level": "majority"}', '{"level": "local"}'),),
    ),
    Mutant(
        "ids beyond those of one question are not asked for",
        f"{STORAGE_TEST}::test_many_ids_are_asked_for_in_few_commands",
        (
            Edit(
                COUNTED_BEFORE, "for first in range(0, len(keys), commands.MOST_IDENTITIES):", "for first in range(1):"
            ),
        ),
    ),
    Mutant(
        "a batch with repeats is judged again whole",
        f"{BATCH_TEST}::test_what_has_ids_is_added_again_and_not_judged_again",
        (
            Edit(
                BATCH,
                "batch.add(taken.reject(by_partition.get(taken.lease.partition, {})), judged)",
                "batch.add(taken.reject(by_partition.get(taken.lease.partition, {})))",
            ),
        ),
    ),
    Mutant(
        "ids count though they are switched off",
        f"{STORAGE_TEST}::test_without_days_nothing_is_asked_and_nothing_recorded",
        (Edit(IDS, "        if not self.window_ms:\n            return None\n", ""),),
    ),
    Mutant(
        "duplicates cry in the log",
        f"{REPORTER_TEST}::test_duplicates_are_told_in_the_progress_and_conflicts_in_the_warning",
        (
            Edit(
                "consumer/reporter.py",
                'note(letter for letter in batch.rejected if letter["reason"] != Reason.DUPLICATE)',
                "note(batch.rejected)",
            ),
        ),
    ),
    Mutant(
        "a replay does not record the id",
        f"{REPLAY_TEST}::test_a_replayed_letter_s_id_is_recorded_and_a_later_message_repeats_it",
        (Edit(REPLAYED_IDS, "                inserts.append(document)\n", "                pass\n"),),
    ),
    Mutant(
        "a replay looks at no id",
        f"{REPLAY_TEST}::test_a_letter_whose_id_counted_stays_rejected_with_its_reason_and_place",
        (Edit(REPLAYED_IDS, "        if found is None:\n", "        if found:\n"),),
    ),
    Mutant(
        "a duplicate is replayed once its first one's id is forgotten",
        f"{REPLAY_TEST}::test_a_letter_rejected_for_its_id_stays_so_when_the_id_is_forgotten",
        (Edit(REPLAYED_IDS, 'if letter["reason"] in OF_REPEATED_IDS:', "if False:"),),
    ),
    Mutant(
        "a duplicate is replayed where its id is not seen, or ids are switched off",
        f"{REPLAY_TEST}::test_a_letter_rejected_for_its_id_stays_so_whatever_the_replay_is_told_of_ids",
        (
            Edit(
                REPLAYED_IDS,
                'if letter["reason"] in OF_REPEATED_IDS:',
                'if letter["reason"] in OF_REPEATED_IDS and event.identity is not None and self._window_ms:',
            ),
        ),
    ),
    Mutant(
        "a replay counts a letter whose copy counted while it waited, once MongoDB has deleted the id",
        f"{REPLAY_TEST}::test_a_letter_whose_copy_counted_while_it_waited_never_counts",
        (
            Edit(
                REPLAYED_IDS,
                "return None if is_recent else why_forgotten(self._database, event.product, identity.event_id)",
                "return None",
            ),
        ),
    ),
    Mutant(
        "a letter ages by its id's days while it waits",
        f"{REPLAY_TEST}::test_a_letter_whose_copy_counted_while_it_waited_never_counts",
        (Edit(REPLAYED_IDS, "is_expired(counted.at, min(read_at, now),", "is_expired(counted.at, now,"),),
    ),
    Mutant(
        "a replay forgets that it found a letter to be a duplicate",
        f"{REPLAY_TEST}::test_a_replay_keeps_with_a_letter_that_it_is_a_duplicate",
        (Edit("scripts/dead_letters/replay_run.py", "replays.keep(letter, judged)", "pass"),),
    ),
    Mutant(
        "a replay as new records the id",
        f"{REPLAY_TEST}::test_as_new_counts_whatever_the_id_and_does_not_record_it",
        (
            Edit(
                REPLAYED_IDS,
                "            if self.as_new or identity is None or not self._window_ms:\n",
                "            if identity is None or not self._window_ms:\n",
            ),
        ),
    ),
    Mutant(
        "the audit does not miss an id that is not recorded",
        f"{AUDIT_TEST}::test_an_id_that_is_not_recorded_is_found",
        (
            Edit(
                AUDIT,
                "                self._add(Kind.EVENT_ID_MISSING,",
                "                0 and self._add(Kind.EVENT_ID_MISSING,",
            ),
        ),
    ),
    Mutant(
        "the audit takes any recorded id for the event's own",
        f"{AUDIT_TEST}::test_two_events_that_counted_with_one_id_are_found_and_both_named",
        (
            Edit(
                AUDIT,
                'if document is not None and place == tuple(map(document.get, "tkog")):',
                "if document is not None:",
            ),
        ),
    ),
    Mutant(
        "the audit looks for no event of a recorded id",
        f"{AUDIT_TEST}::test_an_id_whose_event_is_not_stored_is_found_and_so_is_the_letter_that_names_it",
        (Edit(AUDIT, 'counted[0]["ids"] == confirmed', 'counted[0]["ids"] >= confirmed'),),
    ),
    Mutant(
        "the audit believes whatever a letter names as the first event",
        f"{AUDIT_TEST}::test_a_letter_whose_first_event_has_another_id_is_found",
        (Edit(LETTERS, "        elif not event_is_stored(snapshot, key, place) and", "        elif not place and"),),
    ),
    Mutant(
        "the audit judges events that were stored before ids were recorded",
        f"{AUDIT_TEST}::test_what_was_judged_before_the_window_is_not_judged",
        (
            Edit(
                WINDOW,
                "return max(self.since, now - timedelta(days=self.days))",
                "return now - timedelta(days=self.days)",
            ),
        ),
    ),
    Mutant(
        "the audit judges ids by the window of its first moment",
        f"{AUDIT_TEST}::test_ids_that_expire_while_the_audit_runs_are_not_missed",
        (Edit(AUDIT, "        self._move_window()\n        first_ms, end_ms", "        first_ms, end_ms"),),
    ),
    Mutant(
        "a longer window is noted as complete at once",
        f"{WINDOW_TEST}::test_a_longer_window_reaches_back_as_far_as_ids_are_there",
        (Edit(WINDOW, "else max(noted.since, since)", "else noted.since"),),
    ),
)
