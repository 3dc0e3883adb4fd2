"""A refused preflight says what was refused, and what is allowed."""

import json

import pytest
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from api.web.cors import SENT, Cors

OURS = "https://dashboard.example"


async def nothing(scope: Scope, receive: Receive, send: Send) -> None:
    """The application behind, which a preflight does not reach."""


@pytest.mark.parametrize(
    ("origin", "method", "headers", "refused"),
    [
        ("https://elsewhere.example", "GET", "authorization", "origin"),
        (OURS, "DELETE", "authorization", "method"),
        (OURS, "GET", "x-other", "headers"),
        ("null", "PUT", "x-other", "origin, method, headers"),
    ],
)
def test_what_was_refused_comes_first(origin: str, method: str, headers: str, refused: str) -> None:
    asked = {"access-control-request-method": method, "access-control-request-headers": headers}
    answer = Cors(nothing, [OURS]).preflight_response(Headers({"origin": origin, **asked}))
    assert answer.status_code == 400
    assert json.loads(bytes(answer.body))["detail"] == (
        f"Disallowed CORS {refused}. Pages of the origins in CORS_ORIGINS may send GET and HEAD, "
        f"with the headers {', '.join(SENT)}"
    )
