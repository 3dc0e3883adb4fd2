"""What is answered, logged and reported when the application fails, or when a failure meets a second one."""

import asyncio
import json
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.types import Message, Receive, Scope, Send

from api.app import create_app
from api.web import middleware
from api.web.health import Health
from api.web.middleware import RequestMiddleware
from shared.settings import ApiSettings
from tests.support.api.running import KEY

pytestmark = pytest.mark.anyio

START: Message = {"type": "http.response.start", "status": 200, "headers": []}
BODY: Message = {"type": "http.response.body", "body": b"all"}
PART: Message = {**BODY, "more_body": True}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Failing:
    """An application that sends these messages and then raises."""

    def __init__(self, error: BaseException, *messages: Message) -> None:
        self._error = error
        self._messages = messages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        for message in self._messages:
            await send({**message, **({"headers": []} if "headers" in message else {})})
        raise self._error


class Reports:
    """What was logged as an error, and what was reported."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.logged: list[dict[str, Any]] = []
        self.reported: list[BaseException] = []
        self.fail_with: Exception | None = None
        monkeypatch.setattr(middleware.log, "error", self._log, raising=False)
        monkeypatch.setattr("api.web.middleware.reporting.notify", self.reported.append)

    def _log(self, event: str, **fields: Any) -> None:
        if self.fail_with is not None:
            raise self.fail_with
        self.logged.append({"event": event, **fields})


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> Reports:
    return Reports(monkeypatch)


async def ask(app: Any, method: str = "GET", *, sent: list[Message] | None = None, **scope: Any) -> list[Message]:
    """What the middleware around `app` sends for a request. Raises what it raises; `sent` then has the messages."""
    messages: list[Message] = [] if sent is None else sent

    async def send(message: Message) -> None:
        messages.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    asked = {"type": "http", "method": method, "path": "/", "query_string": b"", "headers": [], **scope}
    await app(asked, receive, send)
    return messages


def around(app: Any) -> RequestMiddleware:
    return RequestMiddleware(app, Health(lambda: 0))


def check_problem(messages: list[Message], status: int, *, body: bool = True) -> None:
    """Check that these messages are an error as a whole, with its headers."""
    start, end = messages
    headers = dict(start["headers"])
    assert (start["status"], headers[b"content-type"]) == (status, b"application/problem+json")
    assert len(headers[b"x-request-id"]) == 16
    assert not end.get("more_body")
    if body:
        assert json.loads(end["body"])["status"] == status
    else:
        assert end["body"] == b""


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_an_unexpected_exception_is_answered_logged_and_reported(reports: Reports, method: str) -> None:
    error = ZeroDivisionError()
    check_problem(await ask(around(Failing(error)), method), 500, body=method == "GET")
    assert [(entry["event"], entry["exc_info"]) for entry in reports.logged] == [("a request failed", error)]
    assert reports.reported == [error]


async def test_an_error_that_cannot_be_logged_is_answered_all_the_same(reports: Reports) -> None:
    reports.fail_with = OSError("no space left on device")
    sent: list[Message] = []
    with pytest.raises(OSError, match="no space"):
        await ask(around(Failing(ZeroDivisionError())), sent=sent)
    check_problem(sent, 500)


async def test_an_answer_that_broke_off_ends_the_connection(reports: Reports) -> None:
    sent: list[Message] = []
    with pytest.raises(ZeroDivisionError):
        await ask(around(Failing(ZeroDivisionError(), START, PART)), sent=sent)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert len(reports.logged) == len(reports.reported) == 1


async def test_an_error_after_the_whole_answer_disturbs_nobody_and_is_logged(reports: Reports) -> None:
    assert len(await ask(around(Failing(ZeroDivisionError(), START, BODY)))) == 2
    assert len(reports.logged) == len(reports.reported) == 1


async def test_a_request_that_the_end_of_the_process_cuts_off_is_answered(reports: Reports) -> None:
    messages = await ask(around(Failing(asyncio.CancelledError())))
    check_problem(messages, 503)
    assert dict(messages[0]["headers"])[b"retry-after"] == b"2"
    assert not reports.logged
    assert not reports.reported
    with pytest.raises(asyncio.CancelledError):
        await ask(around(Failing(asyncio.CancelledError(), START, PART)))


@pytest.mark.parametrize("path", ["/metrics", "/readyz", "/livez"])
async def test_a_fault_of_a_route_that_fastapi_runs_is_a_problem_too(
    reports: Reports, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def broken(*arguments: object) -> None:
        raise ZeroDivisionError

    for name in ("exposition", "services_of", "_status"):
        monkeypatch.setattr(f"api.routes.operations.{name}", broken)
    app = create_app(ApiSettings(token_signing_key=SecretStr(KEY)))
    check_problem(await ask(app, path=path, client=("127.0.0.1", 1), server=("127.0.0.1", 2), scheme="http"), 500)
    assert len(reports.logged) == len(reports.reported) == 1
