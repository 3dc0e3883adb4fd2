"""Defects of the audit and of its repair."""

from tests.mutants.mutant import Edit, Mutant

REPAIRS = "tests/integration/scripts/audit/test_repair_beside_others.py"
MOMENTS = "tests/integration/scripts/audit/test_audit_moments.py"
SUMS = "tests/integration/scripts/audit/test_corrupt_sums.py"
GUARDS = "scripts/audit/repair/guards.py"
TRANSACTIONS = "scripts/audit/repair/transactions.py"

MUTANTS = (
    Mutant(
        "a repair sees no replay that came meanwhile, and overwrites its sums",
        f"{REPAIRS}::test_a_field_that_is_no_sum_is_left_where_an_event_came_meanwhile[-1]",
        (Edit(GUARDS, '(counts.get("count", 0),)', "()"),),
    ),
    Mutant(
        "a repair takes a partition read as far as before, in another generation, for unchanged",
        f"{REPAIRS}::test_a_partition_read_as_far_as_before_in_another_generation_has_changed",
        (Edit(GUARDS, '_MOVED: Final = ("generation", "next_offset")', '_MOVED: Final = ("next_offset",)'),),
    ),
    Mutant(
        "a repair adds what another repair has added meanwhile",
        f"{REPAIRS}::test_of_two_repairs_side_by_side_one_adds_what_is_lacking[0]",
        (Edit(TRANSACTIONS, "if now.repairs != at_moment.repairs + self._own[partition]:", "if False:"),),
    ),
    Mutant(
        "sums of replays are not repaired where there never was one",
        f"{REPAIRS}::test_sums_of_replays_are_repaired_where_there_never_was_one",
        (Edit(TRANSACTIONS, "upsert=guard.may_be_absent, session=session", "session=session"),),
    ),
    Mutant(
        "an audit is content with a repair that left something",
        "tests/unit/scripts/audit/test_result.py::test_all_is_right_where_nothing_is_wrong_or_all_of_it_was_repaired",
        (
            Edit(
                "scripts/audit/result.py",
                "if repair is not None and not repair.left else wrong",
                "if repair else wrong",
            ),
        ),
    ),
    Mutant(
        "a product is called wrong because retention dropped a day meanwhile",
        f"{MOMENTS}::test_a_day_that_is_dropped_while_products_are_compared_makes_no_product_wrong",
        (
            Edit(
                "scripts/audit/products/check.py",
                "            self._whole = self._whole and not kept_from(self._database)\n",
                "",
            ),
        ),
    ),
    Mutant(
        "offsets that a later day brings are judged by the audit's first moment",
        f"{MOMENTS}::test_a_message_that_comes_between_two_days_is_not_wrong",
        (
            Edit(
                "scripts/audit/reconcile.py",
                "offset_check.run(ranges, self._last_next_offsets())",
                "offset_check.run(ranges, {})",
            ),
        ),
    ),
    Mutant(
        "the audit expects the name of the last generation's event, the consumer the greater name",
        f"{MOMENTS}::test_events_of_two_generations_at_one_moment_and_offset_are_named_as_the_consumer_names_them",
        (Edit("scripts/audit/products/names.py", "max(of_events, key=_as_texts)", "of_events[-1]"),),
    ),
    Mutant(
        "the repair writes an hour without its ratings by bin",
        "tests/unit/scripts/audit/test_arithmetic.py::test_packed_sums_are_the_sums_and_survive_being_stored",
        (
            Edit(
                "scripts/audit/reading/packed_sums.py",
                "return fields | {name: sums[name] for name in BIN_FIELDS if sums[name]}",
                "return fields",
            ),
        ),
    ),
    Mutant(
        "a malformed _id makes its day missing as well",
        f"{SUMS}::test_what_is_wrong_is_found_and_named[a rollup without a partition]",
        (
            Edit(
                "scripts/audit/reading/aggregate_ids.py",
                'of_unit = {"$match": _well_formed(names)}',
                'of_unit = {"$match": {f"_id.{unit}": _in_limits(unit)}}',
            ),
        ),
    ),
)
