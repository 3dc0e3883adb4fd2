"""Defects of the publisher, and of its answer to what became of an event."""

from tests.mutants.mutant import Edit, Mutant

UNIT = "tests/unit/scripts/publish"
FATE = "tests/integration/scripts/publish/test_fate.py"
FILES = "tests/integration/scripts/publish/test_files.py"
FORMS = f"{UNIT}/files/test_forms.py"
REPEATS = f"{UNIT}/generated/test_repeats.py"

MUTANTS = (
    Mutant(
        "what became of an event is asked for a generation of the topic that is over",
        f"{FATE}::test_a_generation_that_is_over_is_not_asked",
        (
            Edit(
                "scripts/common/fates/places.py",
                "return not topic_id or not stored",
                "return True or not topic_id or not stored",
            ),
            Edit(
                "scripts/common/fates/places.py",
                '    if stored["first_offset"] <= offset and _is_same(stored, topic_id):\n'
                '        return int(stored["generation"])\n'
                '    for past in reversed(stored.get("past", [])):\n',
                '    for past in [*reversed(stored.get("past", [])), stored | {"next_offset": 2**63}]:\n',
            ),
        ),
    ),
    Mutant(
        "an event of a topic that nobody has accepted is taken for one of the topic before",
        f"{FATE}::test_a_topic_that_nobody_has_accepted_is_not_handled",
        (Edit("scripts/common/fates/places.py", 'bool(stored["topic_id"] == topic_id)', "True"),),
    ),
    Mutant(
        "an event that no consumer has reached counts as lost",
        f"{FATE}::test_what_nobody_handles_is_waited_for_until_the_deadline",
        (Edit("scripts/common/fates/fate.py", 'stored["next_offset"] <= place.offset', 'stored["next_offset"] < 0'),),
    ),
    Mutant(
        "a MongoDB that does not answer is taken for an event that nobody has handled",
        f"{FATE}::test_without_mongodb_it_is_unknown",
        (
            Edit(
                "scripts/publish/fate.py",
                "return UNKNOWN, f",
                "return WAITING, f",
            ),
        ),
    ),
    Mutant(
        "a file is sent although its check found a message that consumers reject",
        f"{FILES}::test_nothing_of_a_file_is_sent_if_one_message_would_be_rejected[False]",
        (
            Edit(
                "scripts/publish/file_run.py",
                "    if check.rejected:\n        refusal = ",
                "    if False:\n        refusal = ",
            ),
        ),
    ),
    Mutant(
        "a file is checked by the contract's shape alone, and not by the decoder",
        f"{FILES}::test_nothing_of_a_file_is_sent_if_one_message_would_be_rejected[True]",
        (Edit("scripts/publish/file_run.py", "Check(retention_days if options.check else None", "Check(None"),),
    ),
    Mutant(
        "messages that the check left out do not show in the exit code",
        f"{FILES}::test_nothing_of_a_file_is_sent_if_one_message_would_be_rejected[False]",
        (Edit("scripts/publish/file_run.py", "_report(check, code or NOT_DELIVERED)", "_report(check, code)"),),
    ),
    Mutant(
        "a document that is broken off takes the next one with it",
        f"{FORMS}::test_a_broken_message_takes_no_other_with_it[no brace at the end]",
        (Edit("scripts/publish/files/json_text.py", "self._value.ends_before(piece)", "False"),),
    ),
    Mutant(
        "a document that is longer than any message is kept in memory",
        f"{FORMS}::test_a_document_that_is_too_long_is_reported_and_not_kept",
        (
            Edit(
                "scripts/publish/files/json_value.py", "        if self._size <= LONGEST_BYTES:\n", "        if True:\n"
            ),
        ),
    ),
    Mutant(
        "the totals count a duplicate as another event",
        f"{REPEATS}::test_the_totals_count_each_event_once",
        (
            Edit(
                "scripts/publish/generated/repeats.py", "return earlier._replace(expected=DUPLICATE)", "return earlier"
            ),
        ),
    ),
    Mutant(
        "a conflict has the content of the event whose id it has",
        f"{REPEATS}::test_a_consumer_that_counts_each_id_once_rejects_what_is_expected",
        (
            Edit(
                "scripts/publish/generated/repeats.py",
                '_with(earlier.value or b"", b\'"changed":%d\' % number)',
                "earlier.value",
            ),
        ),
    ),
    Mutant(
        "every generated event is kept, to be repeated some time",
        f"{REPEATS}::test_memory_is_bounded",
        (Edit("scripts/publish/generated/repeats.py", "if len(kept) < KEPT_MESSAGES:", "if True:"),),
    ),
    Mutant(
        "a broker that does not answer is not reported before the messages' time is over",
        "tests/integration/scripts/publish/test_publish.py::"
        "test_a_broker_that_is_away_is_told_within_two_seconds[arguments0]",
        (Edit("scripts/publish/sending/delivery.py", "SILENCE_SECONDS = 1.5", "SILENCE_SECONDS = 29.0"),),
    ),
    Mutant(
        "a generated stream goes back to times that consumers reject as too old",
        f"{UNIT}/test_commands.py::test_a_stream_spreads_no_further_back_than_consumers_accept[1]",
        (Edit("scripts/publish/generated_run.py", "retention_days * DAY_SECONDS - MARGIN_SECONDS", "2**62"),),
    ),
    Mutant(
        "a run that was interrupted does not say how far it came",
        f"{UNIT}/test_report.py::test_an_interruption_alone_is_enough_to_say_it",
        (
            Edit(
                "scripts/publish/report.py",
                "if not (delivery.stopped or delivery.interrupted) or",
                "if not delivery.stopped or",
            ),
        ),
    ),
    Mutant(
        "messages that Kafka has acknowledged are named among those of which nothing is known",
        f"{UNIT}/test_report.py::test_what_kafka_answered_is_not_among_them",
        (
            Edit(
                "scripts/publish/sending/send.py",
                "        self.delivery.unanswered.pop(origin, None)\n        partition",
                "        partition",
            ),
            Edit(
                "scripts/publish/sending/send.py",
                "        self.delivery.unanswered.pop(origin, None)\n        if len",
                "        if len",
            ),
        ),
    ),
    Mutant(
        "a refusal of a table advises to send its lines as they are",
        f"{UNIT}/test_file_refusals.py::test_the_options_that_a_refusal_names_send_the_same_messages",
        (Edit("scripts/publish/files/checking.py", "return self._is_line_each and", "return True or"),),
    ),
    Mutant(
        "a raw line of any length is kept in memory",
        f"{FORMS}::test_a_raw_line_that_is_too_long_is_reported_and_not_kept",
        (Edit("scripts/publish/files/forms.py", "stream.readline(LONGEST_LINE_BYTES + 1)", "stream.readline()"),),
    ),
)
