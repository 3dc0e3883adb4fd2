"""docs/events.md: each reason has an example that the consumer rejects so, with the detail that it gets, and a cure."""

import base64
import re
import textwrap

import pytest

from consumer.events.decode import decode
from consumer.events.event import Event
from consumer.events.rejection import Rejection
from shared.documents import AMOUNT_DECIMALS, RATING_DECIMALS
from shared.events import (
    AMOUNTS_BELOW,
    MAX_AHEAD_MS,
    MAX_CATEGORY,
    MAX_DEPTH,
    MAX_EVENT_ID,
    MAX_MESSAGE_BYTES,
    MAX_NAME,
    MAX_PRODUCT_ID,
    MAX_RATING,
    MAX_UNITS,
    RATED_FIELDS,
    SOLD_FIELDS,
    Reason,
)
from shared.settings import ConsumerSettings
from tests.support.process import ROOT
from tests.unit.consumer.events.test_contract import LIMITS, NOW_MS

PAGE = (ROOT / "docs/events.md").read_text()
CONTRACT = PAGE.partition("## The contract\n")[2].partition("\n## ")[0]
REASONS = PAGE.partition("## Reasons of rejections\n")[2].partition("\n## ")[0]
SECTIONS = dict(re.findall(r"^### (\w+)\n(.*?)(?=^### |\Z)", REASONS, re.MULTILINE | re.DOTALL))
BY_THE_DATABASE = {Reason.DUPLICATE, Reason.EVENT_ID_CONFLICT, Reason.REFUSED_BY_DATABASE}
"""Reasons for which the decoder rejects nothing: what is stored decides."""

_EXAMPLE = re.compile(r"^```(text|base64|accepted)\n(.*?)\n?^```\n+((?:^>[^\n]*\n)*)", re.MULTILINE | re.DOTALL)
_REPEATED = re.compile(r"(.)… \((\d+) times\)")


def value_of(language: str, written: str) -> bytes:
    """The bytes of a message that the page shows."""
    if language == "base64":
        return base64.b64decode(written)
    return _REPEATED.sub(lambda match: match[1] * int(match[2]), written).encode()


def examples(reason: str) -> list[tuple[str, bytes, str]]:
    """The examples of a reason: how each is written, its bytes, and the detail that the page quotes."""
    found = _EXAMPLE.findall(SECTIONS[reason])
    return [(language, value_of(language, text), unquoted(quote)) for language, text, quote in found]


def unquoted(quote: str) -> str:
    return " ".join(line.removeprefix(">").strip() for line in quote.splitlines())


def as_quote(detail: str) -> str:
    """A detail as the page quotes it."""
    return textwrap.fill(
        detail, 118, initial_indent="> ", subsequent_indent="> ", break_long_words=False, break_on_hyphens=False
    )


def events(reason: str) -> list[Event]:
    """The examples of a reason that the decoder accepts."""
    found = [decode(value, NOW_MS, LIMITS) for language, value, _ in examples(reason) if language == "accepted"]
    assert not any(isinstance(event, Rejection) for event in found)
    return [event for event in found if not isinstance(event, Rejection)]


def test_every_reason_is_explained_in_its_order() -> None:
    assert list(SECTIONS) == [reason.value for reason in Reason]


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason not in BY_THE_DATABASE])
def test_each_example_is_rejected_with_this_reason_and_the_quoted_detail(reason: Reason) -> None:
    assert examples(reason)
    for language, value, quote in examples(reason):
        assert language != "accepted"
        verdict = decode(value, NOW_MS, LIMITS)
        assert isinstance(verdict, Rejection), value
        assert verdict.reason is reason
        assert quote == verdict.detail, f"docs/events.md should quote:\n{as_quote(verdict.detail)}"


@pytest.mark.parametrize("reason", Reason)
def test_each_reason_has_a_cure(reason: Reason) -> None:
    assert re.search(r"^\*Cure:\* \w", SECTIONS[reason], re.MULTILINE)


def test_the_duplicate_has_the_id_and_the_content_of_the_first_event() -> None:
    first, second = events(Reason.DUPLICATE)
    assert first.identity is not None
    assert first.identity == second.identity


def test_the_conflicting_event_has_the_same_id_and_other_content() -> None:
    first, second = (event.identity for event in events(Reason.EVENT_ID_CONFLICT))
    assert first is not None
    assert second is not None
    assert first.event_id == second.event_id
    assert first.fingerprint != second.fingerprint


def test_what_the_database_refuses_is_a_valid_event() -> None:
    assert len(events(Reason.REFUSED_BY_DATABASE)) == 1


def test_the_events_of_the_contract_are_accepted() -> None:
    written = re.findall(r"^```json\n(.*?)^```", CONTRACT, re.MULTILINE | re.DOTALL)
    kinds = {type(decode(text.encode(), NOW_MS, LIMITS)).__name__ for text in written}
    assert kinds == {"Sold", "Rated"}


def test_laravels_job_is_rejected_as_the_page_says() -> None:
    job = PAGE.partition("**Laravel.**")[2].partition("```json\n")[2].partition("```")[0]
    verdict = decode(job.encode(), NOW_MS, LIMITS)
    assert isinstance(verdict, Rejection)
    assert verdict.reason is Reason.MISSING_FIELD
    assert "a job of Laravel's queue" in verdict.detail


def test_the_table_has_every_field() -> None:
    rows = re.findall(r"^\| `(\w+)`(?: or `(\w+)`)? \|", CONTRACT, re.MULTILINE)
    assert {name for row in rows for name in row if name} == SOLD_FIELDS | RATED_FIELDS | {"event", "event_name"}


DEFAULTS = {name: ConsumerSettings.model_fields[name].default for name in ("event_retention_days", "event_id_days")}


@pytest.mark.parametrize(
    "limit",
    [
        f"at most\n{MAX_MESSAGE_BYTES // 1024} KiB ({MAX_MESSAGE_BYTES} bytes)",
        f"nest at most {MAX_DEPTH} deep",
        f"| `name_of_product` | both | text of 1 to {MAX_NAME} characters |",
        f"| `product_id` | both | an integer from 0 to {MAX_PRODUCT_ID}, or its digits as text |",
        f"| `no_of_units` | `productSold` | an integer from 0 to {MAX_UNITS}, or its digits as text |",
        f"less than 10^{len(str(AMOUNTS_BELOW)) - 1}, with at most {AMOUNT_DECIMALS} decimals |",
        f"| `rating` | `productRated` | a number, or its text, from 0 to {MAX_RATING}, with at most "
        f"{RATING_DECIMALS} decimals |",
        f"| `category` | `productRated` | text of 1 to {MAX_CATEGORY} characters |",
        f"at most {MAX_AHEAD_MS // 60_000} minutes ahead",
        f"(`EVENT_RETENTION_DAYS`, {DEFAULTS['event_retention_days']} days) |",
        f"text of 1 to {MAX_EVENT_ID} characters, or an integer from 0 to {MAX_PRODUCT_ID} |",
        f"for {DEFAULTS['event_id_days']} days (`EVENT_ID_DAYS`)",
    ],
)
def test_the_limits_are_those_of_the_code(limit: str) -> None:
    assert limit.replace("\n", " ") in CONTRACT.replace("\n", " ")
