"""Defects of how messages become events."""

from tests.mutants.mutant import Edit, Mutant
from tests.mutants.scenarios import CLOCKS

DETAILS = "tests/unit/consumer/events/details"
TIMES = "tests/unit/consumer/events/test_times.py"

MUTANTS = (
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
        "a byte that is not UTF-8 is counted within its text, not within the message",
        f"{DETAILS}/unreadable/test_not_json.py::test_bytes_that_are_not_utf_8_are_found_in_the_message",
        (
            Edit(
                "consumer/events/details/unreadable/not_json.py",
                "byte {error.start} of",
                "byte {error.start - value.rfind(34, 0, error.start) - 1} of",
            ),
        ),
    ),
    Mutant(
        "an integer sent as text is only said to be no integer",
        f"{DETAILS}/values/test_wrong_values.py::test_a_number_and_its_text_have_the_same_detail",
        (
            Edit(
                "consumer/events/details/values/numbers.py",
                "        written = _NUMBER.fullmatch(value)\n",
                "        written = None\n",
            ),
        ),
    ),
    Mutant(
        "a detail grows with what a message holds",
        f"{DETAILS}/test_quoting.py::test_a_sentence_that_does_not_fit_is_left_out_and_a_shorter_one_after_it_is_not",
        (
            Edit(
                "consumer/events/details/quoting.py",
                "if sentence and len(text) + len(sentence) + 2 <= LONGEST_DETAIL:",
                "if sentence:",
            ),
        ),
    ),
    Mutant(
        "the id of a schema is read with its bytes in the wrong order",
        f"{DETAILS}/test_telling_details.py::test_the_detail_of",
        (
            Edit(
                "consumer/events/details/unreadable/schema_frames.py",
                'schema = int.from_bytes(value[1:5], "big")',
                'schema = int.from_bytes(value[1:5], "little")',
            ),
        ),
    ),
    Mutant(
        "the place of a mistake counts the elements of arrays that are closed",
        f"{DETAILS}/unreadable/test_not_json.py::test_the_place_and_the_cause_of_a_mistake_are_named",
        (Edit("consumer/events/details/places.py", "        elif not closed:", "        else:"),),
    ),
    Mutant(
        "a text that means a negative number is advised to be sent as a positive one",
        f"{DETAILS}/values/test_wrong_values.py::test_what_is_wrong_is_named",
        (
            Edit(
                "consumer/events/details/values/written_numbers.py",
                "if self.is_negative or not self.numbers:",
                "if not self.numbers:",
            ),
        ),
    ),
    Mutant(
        "a row that was deleted is advised to be sent as an event",
        f"{DETAILS}/test_advice_on_envelopes.py::test_a_deleted_row_is_not_advised",
        (
            Edit(
                "consumer/events/details/inside.py",
                "if len(steps) < _MOST_LEVELS and not _is_deletion(value):",
                "if len(steps) < _MOST_LEVELS:",
            ),
        ),
    ),
    Mutant(
        "the state of a row before its change is advised to be sent as an event",
        f"{DETAILS}/test_advice_on_envelopes.py::test_of_a_changed_row_the_later_state_is_the_event",
        (
            Edit(
                "consumer/events/details/inside.py",
                "for key, inner in some if _plain(key) not in _EARLIER_STATES]",
                "for key, inner in some]",
            ),
        ),
    ),
    Mutant(
        "the event of a returned sale is taken for another spelling of the sale's",
        f"{DETAILS}/test_whole_messages.py::test_an_event_that_says_the_opposite_is_not_taken_for_a_sale",
        (
            Edit(
                "consumer/events/details/spelling.py",
                'if match and not _NEGATED.search(match[1] or ""):',
                "if match:",
            ),
        ),
    ),
    Mutant(
        "letters beside a number are a currency where they are three",
        f"{DETAILS}/values/test_advised_numbers.py::test_no_other_amount_is_advised",
        (
            Edit(
                "consumer/events/details/values/currencies.py",
                "letters.isupper() and letters in _CODES)",
                "letters.isupper())",
            ),
        ),
    ),
    Mutant(
        "a time in the afternoon is advised as one in the morning",
        f"{DETAILS}/values/test_advised_times.py::test_no_other_moment_is_advised",
        (Edit("consumer/events/details/values/iso_times.py", "% 12 + 12 * (half[1] in 'Pp')", "% 12"),),
    ),
    Mutant(
        "of several wrong fields the last one gives the reason",
        "tests/unit/consumer/events/test_contract.py::test_vector",
        (Edit("consumer/events/slow_path.py", "include_input=False)[0]", "include_input=False)[-1]"),),
    ),
    Mutant(
        "a schema for producers rejects amounts that are sent as text",
        "tests/unit/documents/test_schemas.py"
        "::test_a_schema_accepts_what_the_consumer_accepts_and_rejects_what_it_has_words_for",
        (
            Edit(
                "shared/event_schema.py",
                '{"type": "number", "minimum": 0, **limits},\n            {"type": "string",',
                '{"type": "number", "minimum": 0, **limits},\n            {"type": "number",',
            ),
        ),
    ),
    Mutant(
        "a record's time counts for an event that has a time of its own",
        f"{TIMES}::test_a_senseless_time_of_a_record_counts_only_for_an_event_without_its_own",
        (
            Edit(
                "consumer/events/decode.py",
                'recorded_ms = time_ms(message["occurred_at"])',
                'time_ms(message["occurred_at"])',
            ),
        ),
    ),
    Mutant(
        "an event at the very limit of the accepted times is rejected",
        f"{TIMES}::test_both_limits_are_accepted",
        (
            Edit(
                "consumer/events/decode.py",
                "if limits.oldest_ms <= event.time_ms <= limits.newest_ms:",
                "if limits.oldest_ms < event.time_ms < limits.newest_ms:",
            ),
        ),
    ),
)
