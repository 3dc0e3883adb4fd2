"""The checks of a request for data: their order, and what an endpoint gets once all have passed."""

from http import HTTPStatus
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.requests import Request
from starlette.types import Scope

from api.auth.access import ADMIN, RATINGS_READ, SALES_READ, WrongAddress
from api.auth.records import Caller
from api.auth.tokens import InvalidToken
from api.web.checks import RequestChecks
from api.web.parameters import Ids
from api.web.problems import REALM, Problem
from api.web.requests import AllOrSomeProducts, AllProducts, ListedProducts, OneProduct, need

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


async def status(checks: RequestChecks[Any], asked: Request, **path_parameters: str) -> HTTPStatus:
    """The status of the error that the checks raise."""
    return (await problem(checks, asked, **path_parameters)).status


async def problem(checks: RequestChecks[Any], asked: Request, **path_parameters: str) -> Problem:
    """The error that the checks raise."""
    with pytest.raises(Problem) as raised:
        await checks(asked, **path_parameters)
    return raised.value


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


IDS = Ids("ids", description="Which.", example="1,2")


async def test_a_limited_token_may_name_its_own_products_only() -> None:
    checks = AllOrSomeProducts(SALES_READ, ids=IDS).taking([IDS])
    assert await status(checks, request("sales")) == 403
    assert await status(checks, request("sales", query=b"ids=7,8")) == 403
    assert await status(checks, request("sales", query=b"ids=7,07")) == 400
    assert (await checks(request("sales", query=b"ids=7"))).products == (7,)
    assert (await checks(request("everything", query=b"ids=8,7"))).products == (8, 7)
    assert (await checks(request("everything"))).products is None


async def test_a_list_is_for_every_token_and_says_what_it_may_list() -> None:
    checks = ListedProducts(SALES_READ)
    assert (await checks(request("sales"))).products == frozenset({7})
    assert (await checks(request("everything"))).products is None
    assert await status(checks, request("everything", query=b"a=b")) == 400


async def test_a_route_may_need_two_scopes_or_one_of_two() -> None:
    both = await problem(OneProduct(SALES_READ, RATINGS_READ), request("sales"), product_id="7")
    assert both.message == "The token lacks the scope ratings:read"
    assert both.headers == {"WWW-Authenticate": f'{REALM}, error="insufficient_scope", scope="ratings:read"'}
    assert (await OneProduct(SALES_READ, RATINGS_READ)(request("everything"), product_id="7")).product == 7
    assert (await ListedProducts(SALES_READ, RATINGS_READ, any_of=True)(request("sales"))).products == frozenset({7})
    neither = await problem(ListedProducts(RATINGS_READ, ADMIN, any_of=True), request("sales"))
    assert neither.message == "The token needs the scope ratings:read or the scope admin"
    assert neither.headers == {"WWW-Authenticate": f'{REALM}, error="insufficient_scope", scope="ratings:read admin"'}


async def test_the_query_may_decide_which_scope_is_needed() -> None:
    asked = await ListedProducts(SALES_READ, RATINGS_READ, any_of=True)(request("sales"))
    need(asked.caller, SALES_READ)
    with pytest.raises(Problem, match="The token lacks the scope ratings:read"):
        need(asked.caller, RATINGS_READ)


def test_each_route_has_its_own_parameters() -> None:
    checks = OneProduct(SALES_READ)
    assert checks.taking([IDS]).parameters == (IDS,)
    assert checks.parameters == ()
