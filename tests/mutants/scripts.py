"""Defects of the operators' and developers' commands."""

from tests.mutants.mutant import Edit, Mutant

UNIT = "tests/unit/scripts"
CONSOLE = f"{UNIT}/common/test_console.py"
OVERVIEW = f"{UNIT}/partitions/test_overview.py"
SELECTION = f"{UNIT}/dead_letters/test_selection.py"
PUBLISH = f"{UNIT}/publish/test_commands.py"
TOKENS = "tests/integration/scripts/tokens/test_issue_and_revoke.py"
LETTERS = "tests/integration/scripts/dead_letters/test_hostile_letters.py"

MUTANTS = (
    Mutant(
        "a record that the client refuses is not counted, and the publisher ends with 0",
        f"{PUBLISH}::test_a_record_that_the_client_refuses_is_counted_and_the_run_ends_with_1",
        (
            Edit(
                "scripts/publish/sending/send.py",
                "                self._count(record)\n                self._fail(refused.args[0])\n",
                "",
            ),
        ),
    ),
    Mutant(
        "an event is checked by the default retention, and not by the consumer's",
        f"{PUBLISH}::test_the_check_before_sending_uses_the_consumer_s_retention",
        (Edit("scripts/publish/single_run.py", "settings.event_retention_days", "400"),),
    ),
    Mutant(
        "an escape sequence in a table's cell reaches the terminal",
        f"{CONSOLE}::test_a_line_and_a_cell_and_a_header_show_it",
        (
            Edit("scripts/common/console.py", "return Text(literal(text), style", "return Text(text, style"),
            Edit("scripts/common/console.py", "[[literal(NOTHING if cell is None", "[[str(NOTHING if cell is None"),
        ),
    ),
    Mutant(
        "a table in a pipe is as wide as a terminal",
        f"{CONSOLE}::test_in_a_pipe_cells_and_lines_are_whole",
        (Edit("scripts/common/console.py", "self.file.isatty()", "True"),),
    ),
    Mutant(
        "the lag of a partition is what its consumer last said",
        f"{OVERVIEW}::test_the_lag_is_what_kafka_holds_and_mongodb_does_not",
        (
            Edit(
                "scripts/partitions/overview.py",
                "lag=None if state is None else _lag(",
                'lag=status.get("lag") if state is not None else _lag(',
            ),
        ),
    ),
    Mutant(
        "the owner of a partition is alive although it has left the group",
        f"{OVERVIEW}::test_the_owner_is_judged_by_its_last_status_and_by_the_group",
        (Edit("scripts/partitions/overview.py", "owner not in members:", "owner not in members and not members:"),),
    ),
    Mutant(
        "letters that are rejected while a person is asked are discarded unseen",
        f"{LETTERS}::test_a_letter_that_comes_while_the_question_waits_is_not_discarded",
        (Edit("scripts/dead_letters/discarding.py", '{"$and": [new.query(), seen]}', '{"$and": [new.query()]}'),),
    ),
    Mutant(
        "a replay stores the first hundred letters again with each later one",
        f"{SELECTION}::test_each_of_many_letters_is_stored_once_and_has_an_outcome",
        (Edit("scripts/dead_letters/replay_run.py", "            waiting = []\n", ""),),
    ),
    Mutant(
        "a rotation lets the old token live longer than it was made to",
        f"{TOKENS}::test_a_rotation_never_lets_the_old_token_live_longer",
        (
            Edit(
                "scripts/tokens/token_records.py",
                '{"$min": {"expires_at": datetime.now(UTC) + overlap}, "$set": {"replaced_by": record["_id"]}}',
                '{"$set": {"expires_at": datetime.now(UTC) + overlap, "replaced_by": record["_id"]}}',
            ),
        ),
    ),
)
