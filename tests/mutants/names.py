"""Defects of names: of their keys, of how these are stored, and of what is found by them."""

from tests.mutants.mutant import Edit, Mutant

AUDIT = "tests/integration/scripts/audit/test_corrupt_products.py"
COMMITTER = "tests/integration/consumer/storage/test_committer.py"
INDEX = "tests/integration/shared/test_name_index.py"
KEY = "tests/unit/shared/test_name_key.py"
QUERIES = "tests/unit/api/reads/test_name_queries.py"
REPAIR = "tests/integration/scripts/audit/test_repair.py"
SEARCH = "tests/integration/api/reads/test_search.py"
STATEMENTS = "tests/unit/consumer/storage/test_statements.py"

MUTANTS = (
    Mutant(
        "a name is stored with itself as its key",
        f"{STATEMENTS}::test_products_are_the_models",
        (
            Edit(
                "consumer/storage/statements/products.py",
                'text(b"key", name_key(latest.name))',
                'text(b"key", latest.name)',
            ),
        ),
    ),
    Mutant(
        "a new name is stored with the key of the name that the batch brings",
        "tests/unit/consumer/storage/test_plan.py::"
        "test_a_newer_stored_event_names_the_product_whatever_the_batch_brings",
        (
            Edit(
                "consumer/storage/statements/products.py",
                'text(b"key", name_key(latest.name))',
                'text(b"key", name_key(added.name))',
            ),
        ),
    ),
    Mutant(
        "a key stands before the time, and decides which event is the newest",
        f"{COMMITTER}::test_of_events_at_one_moment_the_one_with_the_highest_offset_names_the_product",
        (
            Edit(
                "consumer/storage/statements/products.py",
                'fields = b"\\x03latest\\0" + _latest(latest, text(b"key", name_key(latest.name)))',
                'key = text(b"key", name_key(latest.name))\n'
                '    fields = b"\\x03latest\\0" + embedded(key + _latest(latest, b"")[4:-1])',
            ),
        ),
    ),
    Mutant(
        "capitals that a compatibility form stands for stay capitals",
        f"{KEY}::test_each_character_has_the_key_of_its_other_cases_and_forms",
        (Edit("shared/name_key.py", "once.casefold()", "once"),),
    ),
    Mutant(
        "keys are composed, so that a name is not found before its last letter is complete",
        f"{KEY}::test_what_a_person_has_typed_of_a_last_letter_finds_the_name",
        (Edit("shared/name_key.py", 'normalize("NFKD", once.casefold())', 'normalize("NFKC", once.casefold())'),),
    ),
    Mutant(
        "what is never shown makes names different",
        f"{KEY}::test_a_key_has_no_case_no_forms_and_nothing_invisible",
        (Edit("shared/name_key.py", '_NEVER_SHOWN.sub("", name)', "name"),),
    ),
    Mutant(
        "the end of a range of keys is a half of a surrogate pair",
        f"{QUERIES}::test_where_the_range_ends",
        (Edit("api/reads/names/queries.py", "chr(0xE000 if number == 0xD800 else number)", "chr(number)"),),
    ),
    Mutant(
        "a product is found by a name that it had before",
        f"{SEARCH}::test_a_product_is_found_by_its_latest_name_alone",
        (
            Edit(
                "api/reads/names/search.py", "                if name.key == place.key:\n", "                if True:\n"
            ),
        ),
    ),
    Mutant(
        "the times of documents say which of several names is the latest",
        f"{SEARCH}::test_where_partitions_disagree_the_newest_event_decides_though_no_document_has_its_time",
        (
            Edit(
                "api/reads/products/newest.py",
                "return rows, await newest_of(mongo, disputed)",
                "return rows, await newest_of(mongo, [])",
            ),
        ),
    ),
    Mutant(
        "a page goes on behind the key alone, and leaves out products of the same name",
        f"{SEARCH}::test_pages_have_all_products_once_in_order[7]",
        (
            Edit(
                "api/reads/names/queries.py",
                '{"latest.key": after.key, "_id.p": {"$gt": after.product}}',
                '{"latest.key": after.key, "_id.p": {"$gt": 2**62}}',
            ),
        ),
    ),
    Mutant(
        "a search that has looked at many older names says that there is nothing more",
        f"{SEARCH}::test_many_that_had_such_a_name_before_make_short_pages",
        (
            Edit(
                "api/reads/names/search.py",
                "                return found, resumable\n",
                "                return found, None\n",
            ),
        ),
    ),
    Mutant(
        "a search that has looked at many older names goes on behind a place that cannot be found again",
        f"{SEARCH}::test_many_that_had_such_a_name_before_make_short_pages",
        (
            Edit(
                "api/reads/names/search.py",
                "                if name.key_among(keys) == place.key:\n",
                "                if True:\n",
            ),
        ),
    ),
    Mutant(
        "a search lists the products of other tokens",
        f"{SEARCH}::test_a_limited_token_finds_its_products_alone",
        (Edit("api/routes/search.py", "after, request.products)", "after, None)"),),
    ),
    Mutant(
        "the index of names is there before all documents have keys",
        f"{INDEX}::test_a_migration_that_was_cut_off_goes_on",
        (
            Edit(
                "shared/name_index.py",
                "    add_missing_keys(database, _BY_ID)\n    with pymongo.timeout",
                "    with pymongo.timeout",
            ),
        ),
    ),
    Mutant(
        "a key is added to a name that a batch has changed since",
        f"{INDEX}::test_a_key_is_never_added_to_another_name",
        (Edit("shared/name_index.py", '{"_id": document["_id"], "latest": latest}', '{"_id": document["_id"]}'),),
    ),
    Mutant(
        "nobody adds the keys that a consumer of the version before leaves out",
        f"{INDEX}::test_what_an_old_consumer_writes_meanwhile_gets_its_key_within_a_round",
        (Edit("consumer/name_keys.py", "written = add_missing_keys(self._database)", "written = 0"),),
    ),
    Mutant(
        "the audit does not look at keys",
        f"{AUDIT}::test_what_is_wrong_is_found_and_named[the key of another name]",
        (Edit("scripts/audit/products/names.py", 'expected["key"] = name_key(str(of_newest["name"]))', "pass"),),
    ),
    Mutant(
        "the audit is content with a name without a key",
        f"{AUDIT}::test_what_is_wrong_is_found_and_named[the key gone]",
        (
            Edit(
                "scripts/audit/products/names.py", '(self._has_keys or "key" in texts.stored)', '"key" in texts.stored'
            ),
        ),
    ),
    Mutant(
        "a repair makes products without keys",
        f"{REPAIR}::test_a_repair_heals_and_the_next_audit_finds_nothing",
        (Edit("scripts/audit/repair/product_document.py", ' | {"key": name_key(newest[2])}', ""),),
    ),
)
