"""Defects of ranking all products: of what batches leave for it, and of the boards that follow it."""

from tests.mutants.mutant import Edit, Mutant

BOARD = "api/reads/top/board.py"
CATCHING_UP = "api/reads/top/catching_up.py"
FOLLOWING = "api/reads/top/following.py"
RANKING = "api/reads/top/ranking.py"
SLOT = "api/reads/top/slot.py"
SOURCE = "api/reads/top/source.py"
RECENT_TEST = "tests/integration/consumer/storage/test_recent_sums.py"
TOP_TEST = "tests/integration/api/reads/test_top.py"
CUT_SHORT = "tests/unit/api/reads/top/test_cut_short.py"
LOADING_TEST = "tests/integration/api/reads/test_top_loading.py"
UNIT = "tests/unit/api/reads/top/test_ranking.py"
MODEL = f"{UNIT}::test_tops_are_what_sorting_all_events_gives"

MUTANTS = (
    Mutant(
        "what a batch adds is left in recent_sums outside the transaction",
        f"{RECENT_TEST}::test_a_batch_that_is_not_committed_leaves_nothing",
        (
            Edit(
                "consumer/storage/transaction.py",
                "(self._database, collection, inserts, self._session)",
                "(self._database, collection, inserts, None if collection == RECENT_SUMS else self._session)",
            ),
        ),
    ),
    Mutant(
        "a batch of dead letters alone leaves nothing in recent_sums",
        f"{RECENT_TEST}::test_a_batch_without_an_event_leaves_a_document_all_the_same",
        (
            Edit(
                "consumer/storage/plan.py",
                "for lease, fields in prepared.recent_sums.items()\n",
                'for lease, fields in prepared.recent_sums.items()\n            if b"product" in fields\n',
            ),
        ),
    ),
    Mutant(
        "replayed letters leave nothing in recent_sums",
        f"{RECENT_TEST}::test_replays_follow_each_other_by_how_many_letters_were_replayed",
        (
            Edit(
                "scripts/dead_letters/replay.py",
                "        commands.insert(self._database, RECENT_SUMS, [document], session)\n",
                "        assert document\n",
            ),
        ),
    ),
    Mutant(
        "a board does not notice that a batch is missing",
        f"{TOP_TEST}::test_a_batch_that_is_missing_makes_the_board_begin_anew",
        (Edit(CATCHING_UP, "if offset != position.offset:", "if offset is None:"),),
    ),
    Mutant(
        "a board does not notice that the topic was created again",
        f"{TOP_TEST}::test_another_generation_makes_the_board_begin_anew",
        (Edit(SOURCE, 'row.get("g", _FIRST_GENERATION)', "_FIRST_GENERATION"),),
    ),
    Mutant(
        "a board does not notice a repair",
        f"{TOP_TEST}::test_a_repair_makes_the_board_begin_anew",
        (Edit(SOURCE, 'row.get("r") or 0)', "0)"),),
    ),
    Mutant(
        "a board does not notice that offsets moved back",
        f"{TOP_TEST}::test_a_restored_backup_makes_the_board_begin_anew",
        (
            Edit(CATCHING_UP, "and mark.offset <= ends[partition].offset", ""),
            Edit(
                FOLLOWING,
                "if follows and board.positions == ends:",
                "if follows and board.positions.keys() == ends.keys():",
            ),
        ),
    ),
    Mutant(
        "a board's sums and its offsets are of two moments",
        f"{LOADING_TEST}::test_a_batch_that_is_committed_while_a_board_is_loaded_counts_once",
        (Edit(SOURCE, "start_session(snapshot=True)", "start_session(snapshot=False)"),),
    ),
    Mutant(
        "a minute that has left the window stays on the board",
        MODEL,
        (Edit(BOARD, "self._sums[number] -= gone", "self._sums[number] -= 0"),),
    ),
    Mutant(
        "a late event before the window is added to the board",
        MODEL,
        (Edit(BOARD, "if not added or minute < self.first_minute:", "if not added:"),),
    ),
    Mutant(
        "a late event in the cut minute does not make its seconds be read again",
        f"{TOP_TEST}::test_events_that_are_older_than_the_board_s_cut_minute_change_the_seconds_that_count",
        (
            Edit("api/reads/top/cut_seconds.py", "remaining is None or remaining[0] != total", "remaining is None"),
            Edit("api/reads/top/cut_seconds.py", "(None,))[0] != total", "(None,))[0] is None"),
        ),
    ),
    Mutant(
        "the seconds of the cut minute before the window count",
        MODEL,
        (Edit(RANKING, "gone.get(product, 0)", "0 * gone.get(product, 0)"),),
    ),
    Mutant(
        "an average that may rise, since ratings leave the window, is not looked at",
        f"{UNIT}::test_an_average_that_rises_as_ratings_leave_the_window_is_found",
        (
            Edit(
                BOARD,
                "return highest_average_key(total, self.cut_sums.get(number, 0))",
                "return average_key(total)",
            ),
        ),
    ),
    Mutant(
        "products with equal values are in no order",
        f"{UNIT}::test_a_product_that_ties_with_those_that_could_have_been_before_it_is_ordered_by_its_id",
        (
            Edit(
                RANKING,
                "if len(first) == limit and first[-1][:2] <= candidates[looked_at][:2]:",
                "if len(first) == limit and first[-1][0] <= candidates[looked_at][0]:",
            ),
        ),
    ),
    Mutant(
        "a top is taken from the shortlist although products behind it may be before the last",
        MODEL,
        (
            Edit(
                RANKING,
                "if shortlist.reaches(Place(*first[-1][:2]) if len(first) == limit else None):",
                "if shortlist.reaches(Place(*first[-1][:2]) if first else None) or first:",
            ),
        ),
    ),
    Mutant(
        "a product whose sum grows beyond the floor is not taken up",
        MODEL,
        (Edit("api/reads/top/shortlist.py", "is None or (-key, product) <= self.floor", "is None"),),
    ),
    Mutant(
        "a new hour leaves the oldest one in a long window",
        f"{TOP_TEST}::test_a_new_hour_begins_a_new_board_of_long_windows",
        (
            Edit(
                SLOT,
                "return board.first_minute <= first_minute if self.moves else board.first_minute == first_minute",
                "return board.first_minute <= first_minute",
            ),
        ),
    ),
    Mutant(
        "a sealed day counts whole in the window that begins in it",
        f"{TOP_TEST}::test_sealed_days_count_in_long_windows",
        (Edit("api/reads/top/questions.py", 'is_first = {"$eq": ["$_id.d", first_day]}', "is_first = False"),),
    ),
    Mutant(
        "a limited token ranks all products",
        f"{TOP_TEST}::test_a_limited_token_ranks_its_own_products",
        (Edit("api/routes/top.py", "least or 1, request.products)", "least or 1, None)"),),
    ),
    Mutant(
        "the floor of a shortlist moves back as sums shrink, beyond products that are not on it",
        f"{UNIT}::test_a_product_that_stayed_as_others_shrank_is_found",
        (
            Edit(
                "api/reads/top/shortlist.py",
                "last if self.floor is None else min(last, self.floor)",
                "last",
            ),
        ),
    ),
    Mutant(
        "a board from which a minute had half left, as its request ended, answers on",
        f"{CUT_SHORT}::test_a_request_that_ends_while_a_minute_leaves_costs_no_digit",
        (Edit("api/reads/top/shelf.py", "            self.drop([board])\n            raise", "            raise"),),
    ),
    Mutant(
        "a board is taken for up to date after the machine slept for an hour",
        "tests/unit/api/reads/top/test_slot.py::test_a_board_is_not_up_to_date_after_the_machine_slept",
        (Edit(SLOT, " and abs(now_ms - self.at_ms) <= _FRESH_SECONDS * 1000", ""),),
    ),
    Mutant(
        "the seconds of another board's cut minute are taken, because it had as much in it",
        f"{TOP_TEST}::test_seconds_that_were_read_for_a_board_serve_no_other",
        (Edit("api/reads/top/board.py", "self.identity: Final = object()", "self.identity: Final = measure"),),
    ),
    Mutant(
        "steps between packed products begin at the second one",
        f"{UNIT.replace('test_ranking', 'test_minute')}::test_what_was_packed_is_what_was_added",
        (Edit("api/reads/top/minute.py", "initial=part.first", "initial=0"),),
    ),
)
