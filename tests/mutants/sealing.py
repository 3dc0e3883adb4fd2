"""Defects of the sealing of old days, and of the audit and the repair of sealed days."""

from tests.mutants.mutant import Edit, Mutant

TRANSACTIONS = "consumer/sealing/transactions.py"
DAY_SUMS = "consumer/sealing/day_sums.py"
DUE = "consumer/sealing/due.py"
DUTY = "consumer/sealing/duty.py"
ROUND = "consumer/sealing/seal_round.py"
SEALED_DAYS = "scripts/audit/sums/sealed_days.py"
SEALING = "tests/integration/consumer/sealing/test_sealing.py"
UNSEALABLE = "tests/integration/consumer/sealing/test_unsealable.py"
CONFLICTS = "tests/integration/consumer/sealing/test_conflicts.py"
SUMS = "tests/unit/consumer/sealing/test_day_sums.py"
ARITHMETIC = "tests/unit/scripts/audit/test_arithmetic.py"
AUDIT = "tests/integration/scripts/audit/test_sealed_days.py"

MUTANTS = (
    Mutant(
        "a day is added to outside the transaction that deletes its hours",
        f"{CONFLICTS}::test_a_late_event_that_is_stored_while_its_day_is_being_sealed[of an hour that is being sealed]",
        (Edit(TRANSACTIONS, "ordered=False, session=self._session)", "ordered=False)"),),
    ),
    Mutant(
        "hours are deleted outside the transaction that adds them to their day",
        f"{CONFLICTS}::test_a_process_that_dies_at[seal_before_commit]",
        (Edit(TRANSACTIONS, '{"_id": {"$in": folded}}, session=self._session)', '{"_id": {"$in": folded}})'),),
    ),
    Mutant(
        "hours are deleted before their day is added to, and each is committed by itself",
        f"{CONFLICTS}::test_a_process_that_dies_at[seal_read]",
        (
            Edit(
                TRANSACTIONS,
                '        failpoints.reach("seal_read")\n        documents: list',
                '        self._database[ROLLUPS].delete_many({"_id": {"$in": ids}})\n'
                '        failpoints.reach("seal_read")\n        documents: list',
            ),
        ),
    ),
    Mutant(
        "a late event is lost: its hour takes the place of the sealed day",
        f"{SEALING}::test_late_events_are_folded_in_by_the_next_round",
        (Edit(TRANSACTIONS, "quarters_of_day(held) if held is not None else {}", "{}"),),
    ),
    Mutant(
        "a minute is put into the wrong quarter hour",
        f"{SUMS}::test_a_day_is_the_sum_of_its_hours_and_what_it_held_before",
        (Edit(DAY_SUMS, "quarter = first + minute // 15", "quarter = first + minute // 16"),),
    ),
    Mutant(
        "the sealing of a day loses its ratings by bin",
        f"{SEALING}::test_what_a_sealed_day_holds",
        (Edit(DAY_SUMS, "return fields | by_bin", "return fields"),),
    ),
    Mutant(
        "hours are told apart by the day's hour in another zone",
        f"{SEALING}::test_what_a_sealed_day_holds",
        (Edit(DAY_SUMS, "first = hour % 24 * 4", "first = (hour + 1) % 24 * 4"),),
    ),
    Mutant(
        "minutes over all products are deleted that were not folded",
        f"{UNSEALABLE}::test_a_minute_that_no_hour_holds_is_not_deleted",
        (
            Edit(
                TRANSACTIONS,
                "!= of_hour.get(number, added_up(())):",
                "!= of_hour.get(number, added_up(())) and of_hour.get(number):",
            ),
        ),
    ),
    Mutant(
        "minutes over all products stay when their hour is sealed",
        f"{SEALING}::test_the_hours_of_old_days_become_one_document_a_day_and_new_ones_stay",
        (Edit(TRANSACTIONS, "return [minute_total_id(minute, partition) for minute in minutes]", "return []"),),
    ),
    Mutant(
        "levels that disagree are sealed as the minutes say",
        f"{SUMS}::test_an_hour_that_is_not_as_written_is_not_sealable[b.3.sales-3]",
        (Edit(DAY_SUMS, "    if own != added_up(parts):\n", "    if False:\n"),),
    ),
    Mutant(
        "a field that nobody knows is dropped when its hour is sealed",
        f"{SUMS}::test_an_hour_that_is_not_as_written_is_not_sealable[currency-EUR]",
        (Edit(DAY_SUMS, "        elif name != ignored:\n", "        elif name is None:\n"),),
    ),
    Mutant(
        "a sum of more digits than MongoDB holds is written all the same",
        f"{SUMS}::test_a_sum_of_more_digits_than_a_decimal128_has_is_not_rounded",
        (Edit(DAY_SUMS, "_END_OF_DECIMAL: Final = 10**34", "_END_OF_DECIMAL: Final = 10**35"),),
    ),
    Mutant(
        "the day that is not over long enough is sealed too",
        f"{SEALING}::test_a_day_is_due_so_many_hours_after_its_end[-1-False]",
        (
            Edit(
                DUTY,
                "return (milliseconds(self._clock()) - self._after_ms) // DAY_MS",
                "return (milliseconds(self._clock()) - self._after_ms) // DAY_MS + 1",
            ),
        ),
    ),
    Mutant(
        "nobody seals replayed events",
        f"{SEALING}::test_who_has_partition_0_seals_replays_and_partitions_of_nobody",
        (
            Edit(
                DUTY,
                "partition in assigned or (partition not in of_topic and FIRST_PARTITION in assigned)",
                "partition in assigned",
            ),
        ),
    ),
    Mutant(
        "nobody seals the partitions that a topic lost when it was created again",
        f"{SEALING}::test_who_has_partition_0_seals_partitions_that_the_topic_had_before_it_was_created_again",
        (Edit(DUTY, "if topic == topics.get(FIRST_PARTITION)}", "}"),),
    ),
    Mutant(
        "a day that MongoDB refuses keeps those beside it unsealed",
        f"{UNSEALABLE}::test_a_day_that_mongodb_refuses_holds_up_no_other",
        (Edit(ROUND, "may_divide=len(days) > 1", "may_divide=False"),),
    ),
    Mutant(
        "a document that cannot be read ends the round",
        f"{UNSEALABLE}::test_a_document_that_cannot_be_read_holds_up_no_other",
        (
            Edit(
                ROUND,
                "except (PyMongoError, BSONError, DatabaseUnavailable)",
                "except (PyMongoError, DatabaseUnavailable)",
            ),
        ),
    ),
    Mutant(
        "of a day over all products the first six hours are sealed alone",
        f"{SEALING}::test_a_full_day_over_all_products_is_sealed_in_parts",
        (Edit(DUE, "for first in range(0, len(of_day), HOURS_OF_TOTAL)", "for first in range(0, 1)"),),
    ),
    Mutant(
        "an error that nobody foresaw ends the thread of a duty",
        "tests/unit/consumer/process/test_duty.py::test_an_error_is_logged_and_the_work_goes_on[error2]",
        (
            Edit(
                "consumer/process/duty.py",
                "            except Exception as error:\n                self._log(error)\n                seconds",
                "            except PyMongoError as error:\n                self._log(error)\n                seconds",
            ),
        ),
    ),
    Mutant(
        "the rest of a page is skipped when its last hour is not due",
        f"{SEALING}::test_hours_of_many_products_and_pages_are_all_sealed",
        (Edit(DUE, '{"p": after["p"], "h": MaxKey()}', '{"p": after["p"] + 1, "h": MaxKey()}'),),
    ),
    Mutant(
        "an heir leaves the transaction open that its partition's former owner began",
        f"{CONFLICTS}::test_the_heir_of_a_partition_ends_the_transaction_that_its_owner_left_open",
        (Edit(DUTY, 'self._database.client.admin.command({"killSessions": [before["lsid"]]})', "pass"),),
    ),
    Mutant(
        "a wrong clock seals days",
        f"{SEALING}::test_a_wrong_clock_seals_nothing",
        (Edit(DUTY, "        self._clocks.check()\n", ""),),
    ),
    Mutant(
        "the audit does not look at what late events added to a sealed day",
        f"{AUDIT}::test_a_late_hour_that_is_missing_is_found_in_the_day",
        (Edit(SEALED_DAYS, "((1, events), (-1, right_hours))", "((1, events),)"),),
    ),
    Mutant(
        "the audit takes an hour of a sealed day for right that holds more than the raw events",
        f"{AUDIT}::test_damage_is_found_and_repaired[an hour has more than the raw events]",
        (
            Edit(
                SEALED_DAYS,
                "return all(is_within(packed, events.get(minute_path(minute), 0)) for",
                "return all(True for",
            ),
        ),
    ),
    Mutant(
        "the repair adds to a sealed day although it had to leave one of its hours",
        f"{AUDIT}::test_a_sealed_day_of_which_a_part_was_left_is_left_whole",
        (
            Edit(
                "scripts/audit/repair/transactions.py",
                "one.of_sealed_day and one.sums_of_day in self._left_days",
                "one.sums_of_day is None",
            ),
        ),
    ),
    Mutant(
        "the repair of an hour that was sealed takes from one sum what another has too much",
        f"{ARITHMETIC}::test_what_one_sum_lacks_does_not_pay_for_what_another_has_too_much[an amount and sales]",
        (
            Edit(
                "scripts/audit/repair/missing_sums.py",
                "not all(is_within(packed, raised.get(path, 0)) for",
                "not all(packed <= raised.get(path, 0) for",
            ),
        ),
    ),
    Mutant(
        "an amount that an hour lacked is dropped where the hour was sealed before its repair",
        f"{CONFLICTS}::test_an_hour_that_is_sealed_between_an_audit_and_its_repair[lacks an amount]",
        (
            Edit(
                "scripts/audit/reading/packed_sums.py",
                'if sums["amount"] or sums["units"] or sums["sales"]:',
                'if sums["sales"]:',
            ),
        ),
    ),
)
