"""The demonstration: publishes events, asks the API, and compares each answer with what was published."""

import os
import time
from pathlib import Path

from scripts.common.console import LiteralConsole
from stack.assembly import ready
from stack.assembly.plan import Plan
from stack.drivers import client, expectations
from stack.drivers.client import Api
from stack.drivers.expectations import Expectation
from stack.errors import StackError

MESSAGES = "stack/demo.ndjson"

VISIBLE_SECONDS = 60.0
"""How long to wait until the API's answers contain everything published, in seconds.

The consumers store the generated messages in seconds. At half of it a very busy machine may fail; at twice of it a
person waits two minutes before the demonstration says which answer is wrong.
"""

SHOWN_PRODUCTS = (1, 3, 42, 500, 1000)
"""The products whose answers are compared and shown: those of the four messages, and others up to the last."""

INVALID = 0.01
"""The share of generated messages that the consumers must reject; the answers show that these are not counted."""

GENERATED = {"apache": 100_000, "mock": 20_000}
"""How many messages to generate, by the broker.

The mock broker has four partitions and drops the oldest messages of a partition beyond 5 MB; 20,000 messages stay far
below that, many more might not. With Apache Kafka, twice as many would take longer, and half as many would say less
about the rate, since the first commits count for more.
"""


def drive(plan: Plan, console: LiteralConsole) -> None:
    """Complete the stack, publish, ask, compare; print each step. Blocks until the demonstration is over.

    Raises StackError when a part does not answer, a command fails, or an answer is not what was published.
    """
    started = time.monotonic()
    console.rule("Starting", align="left")
    ready.complete(plan, os.environ["KAFKA_BOOTSTRAP_SERVERS"], lambda text: _say(console, started, text))
    console.rule("Four messages", align="left")
    token = _publish_four(console)
    with Api(plan.url, token, plan.authority) as api:
        for expectation in _require(api, expectations.of_four()):
            api.show(console, expectation.path)
        count = GENERATED[plan.kafka]
        console.rule(f"{count:,} generated messages, {INVALID:.0%} of them invalid", align="left")
        _generated_messages(plan, api, count, console)
    console.rule(align="left")
    console.print(f"Every answer is what was published ({time.monotonic() - started:.0f} s); stopping", style="green")


def _publish_four(console: LiteralConsole) -> str:
    """Publish the four messages. Return a token to ask for the answers."""
    for line in Path(MESSAGES).read_text().splitlines():
        console.print(line)
    client.run_script(console, "scripts.publish", "file", MESSAGES)
    return client.new_token(console, "demo")


def _generated_messages(plan: Plan, api: Api, count: int, console: LiteralConsole) -> None:
    totals = plan.folder / "published.json"
    arguments = ("--count", str(count), "--products", "1000", "--invalid", str(INVALID), "--seed", "7")
    started = time.monotonic()
    client.run_script(console, "scripts.publish", "generate", *arguments, "--totals", os.path.relpath(totals))
    published = time.monotonic()
    met = _require(api, expectations.of_generated(totals, SHOWN_PRODUCTS))
    visible = time.monotonic()
    for expectation in met:
        console.print(f"{expectation.path:<27} {expectation.member:>14} {expectation.value:>20f}")
    console.print(
        f"published in {published - started:.1f} s, all counted {visible - published:.1f} s later: "
        f"{count / (visible - started):,.0f} messages/s from first to last",
    )


def _say(console: LiteralConsole, started: float, text: str) -> None:
    console.print(f"{time.monotonic() - started:5.1f} s  {text}")


def _require(api: Api, expected: list[Expectation]) -> list[Expectation]:
    """Block until every answer is the expected one; return `expected`. Raises StackError naming the wrong answers."""
    wrong = expectations.unmet(api, expected, VISIBLE_SECONDS)
    if wrong:
        lines = (f"{expectation}, but the answer was {answer}" for expectation, answer in wrong.items())
        raise StackError("not every answer is what was published:\n" + "\n".join(lines))
    return expected
