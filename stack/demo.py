"""The demonstration: from published events to answers of the API, each compared with what was published."""

import os
import time
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from rich.console import Console

from stack import client, expectations, ready
from stack.client import Api
from stack.errors import StackError
from stack.expectations import Expectation
from stack.plan import Plan

MESSAGES = "stack/demo.ndjson"
VISIBLE_SECONDS = 60.0
SHOWN_PRODUCTS = (1, 3, 42, 500, 1000)
INVALID = 0.01

# The mock broker keeps 5 MB a partition, of which there are four.
GENERATED = {"apache": 100_000, "mock": 20_000}


def drive(plan: Plan, console: Console) -> None:
    """Complete the stack, publish, ask, compare. Raises StackError where an answer is not what it must be."""
    started = time.monotonic()
    console.rule("Starting", align="left")
    ready.complete(plan, os.environ["KAFKA_BOOTSTRAP_SERVERS"], console.print)
    api = _four_messages(plan, console)
    _generated_messages(plan, api, console)
    console.rule(align="left")
    console.print(f"[green]Every answer is what was published[/green] ({time.monotonic() - started:.0f} s); stopping")


def _four_messages(plan: Plan, console: Console) -> Api:
    console.rule("Four messages", align="left")
    for line in Path(MESSAGES).read_text().splitlines():
        console.print(line, soft_wrap=True)
    client.run_script(console, "scripts.publish", "file", MESSAGES)
    token = client.new_token(console, "demo")
    api = Api(plan.url, token)
    expected = expectations.of_four()
    wrong = expectations.unmet(api, expected, VISIBLE_SECONDS)
    for expectation in expected:
        api.show(console, expectation.path)
    _require_none(wrong)
    return api


def _generated_messages(plan: Plan, api: Api, console: Console) -> None:
    count = GENERATED[plan.kafka]
    console.rule(f"{count:,} generated messages, {INVALID:.0%} of them invalid", align="left")
    totals = plan.folder / "published.json"
    arguments = ("--count", str(count), "--products", "1000", "--invalid", str(INVALID), "--seed", "7")
    started = time.monotonic()
    client.run_script(console, "scripts.publish", "generate", *arguments, "--totals", os.path.relpath(totals))
    published = time.monotonic()
    expected = expectations.of_generated(totals, SHOWN_PRODUCTS)
    _require_none(expectations.unmet(api, expected, VISIBLE_SECONDS))
    visible = time.monotonic()
    for expectation in expected:
        api.show(console, expectation.path)
    console.print(
        f"published in {published - started:.1f} s, all in the answers {visible - published:.1f} s later: "
        f"{count / (visible - started):,.0f} messages/s from the publisher's start to the last answer"
    )


def _require_none(wrong: Mapping[Expectation, Decimal | None]) -> None:
    if wrong:
        lines = (f"{expectation}, but the answer was {answer}" for expectation, answer in wrong.items())
        raise StackError("not every answer is what was published:\n" + "\n".join(lines))
