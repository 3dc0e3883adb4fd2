"""docs/problems.md, the registry of problem types, nginx.conf and the API's errors say the same."""

import asyncio
import inspect
import json
import re
from enum import StrEnum
from typing import Any

import pytest
from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException

from api.web import framework_errors, problem_types, problems
from api.web.parameters import Choice
from api.web.problem_types import ALL, PREFIX
from api.web.problems import Problem
from shared.errors import DatabaseUnavailable, SchemaNewer
from tests.support.process import ROOT

PAGE = (ROOT / "docs/problems.md").read_text()
SECTIONS = dict(re.findall(r"^## (\S+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
NGINX = (ROOT / "nginx.conf").read_text()


def example(name: str) -> dict[str, Any]:
    """The body that the page shows of a kind of error."""
    [body] = re.findall(r"^```json\n(.*)\n```$", SECTIONS[name], re.MULTILINE)
    members: dict[str, Any] = json.loads(body)
    return members


def nginx_map(variable: str) -> dict[str, str]:
    """What a map of nginx.conf gives, by the status at the beginning of its keys."""
    body = re.search(rf"map \S+ \${variable} {{\n(.*?)\n    }}", NGINX, re.DOTALL)
    assert body is not None
    return dict(re.findall(r'^ +(?:~\^)?"?([0-9?a-z]+)"? "(.+)";$', body[1], re.MULTILINE))


def test_the_page_explains_every_kind_once_in_the_registry_s_order() -> None:
    assert list(SECTIONS) == list(ALL)
    rows = re.findall(r"^\| \[(\S+)\]\(#(\S+)\) \| (\d+) \|", PAGE, re.MULTILINE)
    assert rows == [(name, name, str(kind.status.value)) for name, kind in ALL.items()]


@pytest.mark.parametrize("name", ALL)
def test_each_kind_has_an_example_and_says_what_to_do(name: str) -> None:
    kind, body = ALL[name], example(name)
    assert kind.uri == PREFIX + name
    assert (body["type"], body["status"], body["detail"]) == (kind.uri, kind.status.value, body["message"])
    assert "**What to do.**" in SECTIONS[name]


def test_nginx_answers_with_the_types_and_texts_of_the_page() -> None:
    types, messages, titles = (nginx_map(f"problem_{what}") for what in ("type", "message", "title"))
    assert types.pop("400?plain") == problem_types.PLAIN_HTTP.uri
    assert nginx_map("problem_detail")["400?plain"] == example("plain-http")["detail"]
    assert types.keys() - {"default"} == messages.keys() - {"default"} == titles.keys() - {"default"}
    for status in types.keys() - {"default"}:
        name = types[status].removeprefix(PREFIX)
        assert ALL[name].status == int(status)
        assert example(name)["title"] == titles[status]
        if name not in ("internal-fault", "unavailable"):  # the page shows the API's own text
            assert example(name)["detail"] == messages[status]


class Window(StrEnum):
    """The windows of the page's example."""

    QUARTER_HOUR, HOUR, DAY, WEEK, MONTH = "15m", "1h", "24h", "7d", "30d"


OF_THE_API = [
    problems.malformed(),
    Choice("window", Window, description="", example="1h").refused("2h"),
    problems.no_token(given=False),
    problems.no_token(given=True),
    problems.expired_token(1796047500.9),
    problems.scope_missing("sales:read"),
    problems.limited_to_others("sales:read"),
    problems.wrong_address(),
    problems.no_product(5),
    problems.nothing_here(),
    problems.method_not_allowed(),
    problems.not_in_bins(51_234),
    problems.internal_fault(),
    problems.unavailable(),
    problems.too_new(),
]


@pytest.mark.parametrize("problem", OF_THE_API, ids=lambda problem: problem.kind.uri.removeprefix(PREFIX))
def test_the_api_answers_as_the_page_shows(problem: Problem) -> None:
    assert problem.members() == example(problem.kind.uri.removeprefix(PREFIX))


def test_every_kind_is_answered_by_the_api_or_by_nginx() -> None:
    elsewhere = {problem_types.CROSS_ORIGIN.uri, problem_types.NOT_READY.uri}  # made where they are found
    answered = {problem.kind.uri for problem in OF_THE_API} | set(nginx_map("problem_type").values()) | elsewhere
    assert answered - {"about:blank"} == {kind.uri for kind in ALL.values()}


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (HTTPException(404), "nothing-here"),
        (HTTPException(405), "method-not-allowed"),
        (HTTPException(418), "about:blank"),
        (DatabaseUnavailable("away"), "unavailable"),
        (SchemaNewer(3, 2), "newer-data"),
        (problems.no_product(5), "unknown-product"),
        (RuntimeError("a fault"), "internal-fault"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_the_framework_s_errors_have_a_type(error: Exception, kind: str) -> None:
    app = FastAPI()
    framework_errors.install(app)
    handler = next(app.exception_handlers[each] for each in type(error).__mro__ if each in app.exception_handlers)
    answer = handler(Request({"type": "http", "method": "GET", "path": "/"}), error)
    response = asyncio.run(answer) if inspect.iscoroutine(answer) else answer
    assert isinstance(response, Response)
    assert json.loads(bytes(response.body))["type"] == (kind if kind == "about:blank" else PREFIX + kind)
