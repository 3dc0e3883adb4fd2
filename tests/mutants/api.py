"""Defects of the API: of its answers, their as-of, tokens and validators, and of what it answers when it fails."""

from tests.mutants.mutant import Edit, Mutant

ANSWERS = "tests/integration/api/reads/test_answers.py"
AS_OF = "tests/integration/api/reads/test_as_of.py"
BATCHING = "tests/unit/api/reads/test_batching.py"
MIDDLEWARE = "tests/unit/api/web/test_middleware.py"
WATCH = "tests/integration/api/auth/test_token_watch.py"

MUTANTS = (
    Mutant(
        "as-of is asked after the sums were read",
        f"{AS_OF}::test_an_answer_holds_all_that_its_as_of_claims[by_product]",
        (
            Edit(
                "api/reads/sales.py",
                "        as_of = await self._freshness.as_of()\n        window = Window.at(self._clock())\n",
                "        window = Window.at(self._clock())\n",
            ),
            Edit(
                "api/reads/sales.py",
                "        return {p: None if p in unknown else Sales(",
                "        as_of = await self._freshness.as_of()\n        return {p: None if p in unknown else Sales(",
            ),
        ),
    ),
    Mutant(
        "a partition that was never caught up is left out of the as-of",
        f"{ANSWERS}::test_answers_say_how_recent_they_are",
        (Edit("api/reads/freshness.py", "if known and len(known) == len(times)", "if known"),),
    ),
    Mutant(
        "the last as-of is answered for as long as MongoDB gives no other",
        f"{AS_OF}::test_an_as_of_is_never_older_than_a_second_whatever_fails",
        (
            Edit(
                "api/reads/freshness.py",
                "            rows = await self._mongo.aggregate(",
                "            self._read_at = asked_at\n            rows = await self._mongo.aggregate(",
            ),
        ),
    ),
    Mutant(
        "raw events of the cut minute are not read again after a late event",
        f"{ANSWERS}::test_a_late_event_in_the_minute_that_is_being_cut",
        (Edit("api/reads/sales.py", "if kept is not None and kept.sales == sales:", "if kept is not None:"),),
    ),
    Mutant(
        "a failing query with one reader gone leaves the other readers of its batch waiting",
        f"{BATCHING}::test_a_failing_query_fails_every_reader_that_is_left[0]",
        (
            Edit(
                "api/reads/batching.py",
                "                    if not reader.done():\n                        reader.set_exception(error)",
                "                    reader.set_exception(error)",
            ),
        ),
    ),
    Mutant(
        "a read that comes in the moment in which a query ends is never answered",
        f"{BATCHING}::test_a_read_that_follows_an_answer_at_once_is_answered",
        (
            Edit(
                "api/reads/batching.py",
                "            self._working.discard(asyncio.current_task())",
                "            asyncio.current_task().add_done_callback(self._working.discard)",
            ),
        ),
    ),
    Mutant(
        "a watch of tokens confirms records read before it began "
        "(a revocation during a break of the stream is never seen)",
        f"{WATCH}::test_a_revocation_while_no_stream_was_open_is_seen",
        (Edit("api/auth/revocation.py", "since = time.monotonic()", 'since = float("-inf")'),),
    ),
    Mutant(
        "the stream confirms a token past its idle end, which a use on another instance has put off",
        f"{WATCH}::test_a_record_is_kept_for_as_long_as_the_stream_confirms_it_and_no_longer",
        (
            Edit(
                "api/auth/records.py",
                "return self.caller is None or self.caller.ends_at > now",
                "return True",
            ),
        ),
    ),
    Mutant(
        "a record that MongoDB read before a change of it is kept",
        f"{WATCH}::test_an_answer_that_a_change_overtook_is_not_believed",
        (Edit("api/auth/records.py", "        if changes == self._changes:\n", "        if True:\n"),),
    ),
    Mutant(
        "the stream that watches tokens is not opened again after a failure",
        f"{WATCH}::test_a_stream_whose_place_is_lost_is_opened_anew",
        (
            Edit(
                "api/auth/revocation.py",
                "                self._log_failure(error)\n",
                "                self._log_failure(error)\n                return\n",
            ),
        ),
    ),
    Mutant(
        "a token that was proven once is accepted after its expiry",
        f"{WATCH}::test_a_token_seen_before_costs_no_signature_and_is_forgotten_when_it_ends[its own expiry]",
        (Edit("api/auth/access.py", "if now >= proven.valid_until:", "if False:"),),
    ),
    Mutant(
        "a token that was seen before is known by its header and claims, whatever its signature",
        "tests/integration/api/auth/test_access.py::test_a_forged_signature_under_a_token_seen_before_is_refused",
        (
            Edit(
                "api/auth/access.py",
                "key = sha256(token.encode()).digest()",
                'key = sha256(token.rpartition(".")[0].encode()).digest()',
            ),
        ),
    ),
    Mutant(
        "a token that is tried from a network that it is not for counts as used",
        f"{WATCH}::test_only_a_token_that_was_accepted_counts_as_used",
        (
            Edit(
                "api/auth/access.py",
                "        if caller.networks is not None and",
                "        self._used(proven.record)\n        if caller.networks is not None and",
            ),
        ),
    ),
    Mutant(
        "tokens of a key that was taken away are accepted if they were proven before",
        "tests/integration/api/auth/test_revocation.py::test_keys_are_rotated_without_a_restart",
        (
            Edit(
                "api/auth/access.py",
                "        self._verifier = verifier\n        self._proven = LRUCache(TOKENS_KEPT)\n\n",
                "        self._verifier = verifier\n\n",
            ),
        ),
    ),
    Mutant(
        "a folder of keys that cannot be read withdraws every key",
        "tests/unit/api/auth/test_key_ring.py::test_a_folder_that_cannot_be_used_withdraws_no_key[it is gone]",
        (Edit("api/auth/key_ring.py", 'if key_id in unfit or "" in unfit', "if key_id in unfit"),),
    ),
    Mutant(
        "the ETag is over the first 24 bytes of a body",
        "tests/unit/api/web/test_responses.py::test_every_byte_of_a_body_counts_for_its_tag",
        (Edit("api/web/responses.py", "blake2b(body, digest_size=12)", "blake2b(body[:24], digest_size=12)"),),
    ),
    Mutant(
        "a malformed request gets a 400 before the request before it has its answer",
        "tests/integration/api/web/test_malformed.py::"
        "test_a_malformed_request_does_not_get_the_answer_of_the_one_before",
        (Edit("api/web/protocol.py", "elif cycle is not None and not cycle.response_complete:", "elif False:"),),
    ),
    Mutant(
        "an error that cannot be logged is not answered",
        f"{MIDDLEWARE}::test_an_error_that_cannot_be_logged_is_answered_all_the_same",
        (
            Edit(
                "api/web/middleware.py",
                "            try:\n                if not exchange.status:",
                '            log.error("a request failed", exc_info=error)\n'
                "            try:\n                if not exchange.status:",
            ),
        ),
    ),
    Mutant(
        "a drain ends requests in flight as soon as new connections are refused",
        "tests/integration/api/test_process.py::test_a_request_in_flight_is_answered_after_new_connections_are_refused",
        (
            Edit(
                "api/server.py",
                "timeout_graceful_shutdown=max(1, round(settings.drain_seconds - self._notice_seconds))",
                "timeout_graceful_shutdown=0",
            ),
        ),
    ),
    Mutant(
        "a second Ctrl-C leaves requests in flight waiting",
        "tests/integration/api/test_process.py::test_a_second_ctrl_c_cuts_off_the_requests_in_flight",
        (Edit("api/server.py", "            task.cancel()", "            pass"),),
    ),
    Mutant(
        "requests that the end of a drain cuts off get a fault in plain text",
        "tests/integration/api/test_process.py::test_it_ends_in_time_while_mongodb_is_silent",
        (Edit("api/web/middleware.py", "except asyncio.CancelledError:", "except asyncio.InvalidStateError:"),),
    ),
    Mutant(
        "a fault of a route that FastAPI runs is answered in plain text",
        f"{MIDDLEWARE}::test_a_fault_of_a_route_that_fastapi_runs_is_a_problem_too[/metrics]",
        (Edit("api/web/framework_errors.py", "    app.add_exception_handler(Exception, _fault)\n", ""),),
    ),
    Mutant(
        "a refused preflight is answered in plain text",
        "tests/integration/api/web/test_malformed.py::test_a_refused_preflight_says_what_is_allowed"
        "[https://elsewhere.example-GET-authorization]",
        (Edit("api/web/cors.py", "if answer.status_code < HTTPStatus.BAD_REQUEST:", "if answer.status_code:"),),
    ),
    Mutant(
        "a token that is limited to products gets the totals of others by ids",
        "tests/unit/api/web/test_requests.py::test_a_limited_token_may_name_its_own_products_only",
        (
            Edit(
                "api/web/requests.py",
                "(None,) if products is None else products:",
                "(None,) if products is None else ():",
            ),
        ),
    ),
    Mutant(
        "a cell of CSV that a spreadsheet would run stays as it is",
        "tests/unit/api/web/test_csv_table.py::test_a_formula_behind_a_line_break_is_made_text",
        (Edit("api/web/csv_table.py", 'value = "\'" + value', "pass"),),
    ),
    Mutant(
        "whoever tries an expired token from a network that it is not for learns when it expired",
        "tests/integration/api/auth/test_access.py::test_every_invalid_token_gets_the_same_answer",
        (
            Edit(
                "api/auth/access.py",
                " or not (caller.networks is None or caller.may_come_from(self._addresses.of(scope)))",
                "",
            ),
        ),
    ),
)
