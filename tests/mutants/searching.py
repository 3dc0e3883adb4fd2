"""Defects of the search for events and dead letters."""

from tests.mutants.mutant import Edit, Mutant

FIND = "tests/integration/scripts/events/test_find.py"
UNIT = "tests/unit/scripts/events"

MUTANTS = (
    Mutant(
        "a search by id ends with the event that event_ids names",
        f"{FIND}::test_an_id_that_is_known_hides_no_other_event_with_it",
        (
            Edit(
                "scripts/events/search.py",
                "for event in self._with_id(event_id, product, rows)}",
                "for event in (known or self._with_id(event_id, product, rows))}",
            ),
        ),
    ),
    Mutant(
        "a search by key throws away what it has read when its time is over",
        f"{UNIT}/test_latest.py::test_what_was_read_in_time_is_kept[9-False]",
        (
            Edit(
                "scripts/events/records.py",
                "            if time.monotonic() > deadline:\n                break\n",
                '            if time.monotonic() > deadline:\n                raise SourceUnavailable("late")\n',
            ),
        ),
    ),
    Mutant(
        "a lookup of a search may take longer than the search",
        f"{UNIT}/test_find_usage.py::test_a_lookup_after_the_time_is_not_made_and_said",
        (
            Edit(
                "scripts/events/budget.py",
                "        if self.left > 0:\n            try:\n                with pymongo.timeout(self.left):\n"
                "                    return",
                "        if True:\n            try:\n                with pymongo.timeout(60):\n"
                "                    return",
            ),
        ),
    ),
    Mutant(
        "a search joins a consumer group and commits offsets in it",
        f"{FIND}::test_nothing_is_written",
        (
            Edit(
                "scripts/events/records.py",
                '    "enable.partition.eof": True,\n',
                '    "enable.partition.eof": True,\n    "enable.auto.commit": True,\n',
            ),
        ),
    ),
    Mutant(
        "a search notes in MongoDB that it ran",
        f"{FIND}::test_nothing_is_written",
        (
            Edit(
                "scripts/events/stored.py",
                "        days, found = self._days(), list[Document]()\n",
                "        days, found = self._days(), list[Document]()\n"
                '        self._database["searches"].insert_one({"what": what})\n',
            ),
        ),
    ),
    Mutant(
        "the events of a product are searched in whole days",
        f"{FIND}::test_a_product_s_events_are_read_by_a_range",
        (
            Edit(
                "scripts/events/stored.py",
                "events_of(product) | query",
                '{"_id.p": product} | query',
            ),
        ),
    ),
    Mutant(
        "a search by key reads all of the topic, however long it is",
        f"{FIND}::test_messages_are_found_by_key_within_a_bound_that_is_said",
        (Edit("scripts/events/records.py", "max(state.low, state.high - share)", "state.low"),),
    ),
)
