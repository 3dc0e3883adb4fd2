"""The checks of a request for data: their order, and what an endpoint gets once all have passed."""

from http import HTTPStatus
from types import SimpleNamespace

import pytest
from starlette.requests import Request
from starlette.types import Scope

from api.auth.access import RATINGS_READ, SALES_READ, WrongAddress
from api.auth.records import Caller
from api.auth.tokens import InvalidToken
from api.web.problems import Problem
from api.web.requests import AllProducts, OneProduct

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class FakeAccess:
    """Knows three tokens: `sales` for sales of product 7, `everything`, and `elsewhere` for other networks."""

    async def caller(self, token: str, scope: Scope) -> Caller:
        if token == "elsewhere":
            raise WrongAddress
        if token not in ("sales", "everything"):
            raise InvalidToken
        products = frozenset({7}) if token == "sales" else None
        scopes = frozenset({SALES_READ} if token == "sales" else {SALES_READ, RATINGS_READ})
        return Caller(token, scopes, products, networks=None, ends_at=0)


def request(*tokens: str, query: bytes = b"") -> Request:
    """A request with an Authorization header for each token."""
    headers = [(b"authorization", b"Bearer " + token.encode()) for token in tokens]
    state = {"services": SimpleNamespace(access=FakeAccess())}
    return Request({"type": "http", "query_string": query, "headers": headers, "state": state})


async def status(checks: OneProduct | AllProducts, asked: Request, **path_parameters: str) -> HTTPStatus:
    """The status of the error that the checks raise."""
    with pytest.raises(Problem) as raised:
        await checks(asked, **path_parameters)
    return raised.value.status


async def test_the_token_is_checked_first_then_the_query_then_the_id_then_the_limit() -> None:
    checks = OneProduct(RATINGS_READ)
    assert await status(checks, request(query=b"a=b"), product_id="03") == 401
    assert await status(checks, request("everything", "everything", query=b"a=b"), product_id="03") == 401
    assert await status(checks, request("unknown", query=b"a=b"), product_id="03") == 401
    assert await status(checks, request("elsewhere", query=b"a=b"), product_id="03") == 403
    assert await status(checks, request("sales", query=b"a=b"), product_id="03") == 403
    assert await status(checks, request("everything", query=b"a=b"), product_id="03") == 400
    assert await status(checks, request("everything"), product_id="03") == 404
    limited = OneProduct(SALES_READ)
    assert await status(limited, request("sales", query=b"a=b"), product_id="3") == 400
    assert await status(limited, request("sales"), product_id="03") == 404
    assert await status(limited, request("sales"), product_id="3") == 403


async def test_an_endpoint_gets_the_product_as_a_number() -> None:
    asked = request("sales")
    checked = await OneProduct(SALES_READ)(asked, product_id="7")
    assert (checked.http, checked.product, checked.caller.token) == (asked, 7, "sales")
    assert checked.services is asked.scope["state"]["services"]


async def test_the_sum_over_all_products_needs_a_token_for_all() -> None:
    assert await status(AllProducts(SALES_READ), request("sales", query=b"a=b")) == 400
    assert await status(AllProducts(SALES_READ), request("sales")) == 403
    checked = await AllProducts(SALES_READ)(request("everything"))
    assert checked.caller.token == "everything"
