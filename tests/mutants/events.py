"""Defects of how messages become events."""

from tests.mutants.mutant import Edit, Mutant
from tests.mutants.scenarios import CLOCKS

DETAILS = "tests/unit/consumer/events/test_details.py"
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
        f"{DETAILS}::test_bytes_that_are_not_utf_8_are_found_in_the_message",
        (
            Edit(
                "consumer/events/slow_path.py",
                "byte {error.start} of",
                "byte {error.start - error.object.rfind(34, 0, error.start) - 1} of",
            ),
        ),
    ),
    Mutant(
        "an integer sent as text is only said to be no integer",
        f"{DETAILS}::test_a_number_and_its_text_have_the_same_detail",
        (
            Edit(
                "consumer/events/wrong_value.py",
                "        number = _NUMBER.fullmatch(value)\n",
                "        number = None\n",
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
