"""The direct way: a GET for a route with data is answered without FastAPI's machinery.

FastAPI runs a request through eight layers of its own, which take about half of the request's processor time
(docs/adr/0013-direct-routes.md). So FastAPI only documents the routes with data, and answers for them every method but
GET. What this costs in clarity is in this module:

- `Resource` collects the routes of one file in api/routes and adds them to FastAPI.
- `DirectRoutes` stands before FastAPI and finds the route of a request.
- `DirectRoute` is that route: it runs the checks, calls the endpoint and sends the answer.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Final, Generic

from fastapi import FastAPI, Response, Security
from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from api.web import documentation, problems
from api.web.checks import Checked, RequestChecks
from api.web.parameter import Parameter

_PRODUCT: Final = "/{product_id}"
_FORM: Final = re.compile(r"(?P<before>[^{}]*)/\{product_id\}(?:/(?P<after>[^{}/]+))?")
"""A path with a product's id as its last part, or as its last but one."""

Endpoint = Callable[[Checked], Awaitable[Response]]
"""Reads and answers. May raise what `problems.EXPECTED` names: these exceptions are answered with an error."""


class DirectRoute(APIRoute, Generic[Checked]):
    """A route that answers GET by itself; FastAPI documents it, and answers every other method.

    `checks` runs first and makes the one argument of `endpoint`. `documented` are FastAPI's options for OpenAPI. Raises
    ValueError for a path that `DirectRoutes` could not find.
    """

    def __init__(
        self, path: str, endpoint: Endpoint[Checked], checks: RequestChecks[Checked], **documented: Any
    ) -> None:
        if "{" in path and _FORM.fullmatch(path) is None:
            raise ValueError(
                f"{path}: the path of a direct route is fixed, or fixed but for one part {_PRODUCT}, the last or the "
                "last but one"
            )
        super().__init__(path, _for_fastapi(endpoint, checks), **documented)
        self._checks = checks
        self._answer = endpoint

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whose path's parameters are in `scope`. Reads no body."""
        if scope["method"] != "GET":
            await super().handle(scope, receive, send)
            return
        try:
            request = await self._checks(Request(scope), **scope["path_params"])
            response = await self._answer(request)
        except problems.EXPECTED as error:
            response = problems.problem_of(error).response()
        await response(scope, receive, send)


def _for_fastapi(endpoint: Endpoint[Checked], checks: RequestChecks[Checked]) -> Endpoint[Checked]:
    """The endpoint with a signature that FastAPI can document: its one argument comes from the dependency `checks`.

    Would FastAPI itself answer the route, this function would give the same answers. A direct route never calls it.
    """

    async def documented(request: Annotated[Any, Security(checks)]) -> Response:
        return await endpoint(request)

    # Not functools.wraps, which would make FastAPI look at the signature of the endpoint itself.
    documented.__name__, documented.__doc__ = endpoint.__name__, endpoint.__doc__
    return documented


class Resource:
    """The direct routes of one resource. OpenAPI lists them under the heading `tag`."""

    def __init__(self, tag: str) -> None:
        self._tag = tag
        self._routes: list[BaseRoute] = []

    def get(
        self,
        path: str,
        checks: RequestChecks[Checked],
        *,
        operation_id: str,
        summary: str,
        model: Any,
        example: Any,
        parameters: Sequence[Parameter[Any]] = (),
        windowed: bool = False,
        examples: Mapping[str, Any] | None = None,
        csv_example: str | None = None,
        errors: Sequence[problems.Problem] = (),
    ) -> Callable[[Endpoint[Checked]], Endpoint[Checked]]:
        """Decorate the endpoint of a route. The endpoint's docstring is the route's description in OpenAPI.

        `checks` says which scopes a token needs, and what kind of request the endpoint gets; `parameters` are the query
        parameters that the endpoint reads from `request.query`. `operation_id` names the route in generated clients:
        a verb and a noun, as `getProductSales`. `model`, a pydantic model or a type made of models, describes the body
        of a 200, `example` is one such body, and `examples` are those that the given queries get; `csv_example` is the
        body as CSV, of a route that can answer so. `windowed` says that an answer has `Data-Window`, as it is whenever
        the route takes a `window`; `errors` are those that this route alone answers. Raises ValueError for a path that
        a direct route cannot have.
        """
        checks = checks.taking(parameters)
        documented = {
            "operation_id": operation_id,
            "summary": summary,
            "tags": [self._tag],
            "responses": documentation.answers(
                model,
                example,
                checks.scopes,
                parameters,
                any_of=checks.any_of,
                of_product=_PRODUCT in path,
                windowed=windowed or any(parameter.name == "window" for parameter in parameters),
                examples=examples,
                csv_example=csv_example,
                others=errors,
            ),
            "openapi_extra": {"parameters": [parameter.documented() for parameter in parameters]},
        }

        def add(endpoint: Endpoint[Checked]) -> Endpoint[Checked]:
            self._routes.append(DirectRoute(path, endpoint, checks, **documented))
            return endpoint

        return add

    def add_to(self, app: FastAPI) -> None:
        """Add the routes to FastAPI, in the order in which they were decorated."""
        app.router.routes.extend(self._routes)


class DirectRoutes:
    """An ASGI application that hands each GET for one of the direct routes to that route, and all else to `app`.

    Middleware that is added to the FastAPI object therefore does not see the direct routes: see api/app.py.
    """

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        self._app = app
        direct = {route.path: route for route in routes if isinstance(route, DirectRoute)}
        forms = {path: _FORM.fullmatch(path) for path in direct}
        self._fixed = {path: direct[path] for path, form in forms.items() if form is None}
        self._of_product = {form["before"]: direct[path] for path, form in forms.items() if form and not form["after"]}
        self._below_product = {
            (form["before"], form["after"]): direct[path] for path, form in forms.items() if form and form["after"]
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection of any kind that ASGI knows."""
        route = self._route(scope) if scope["type"] == "http" and scope["method"] == "GET" else None
        await (self._app if route is None else route.handle)(scope, receive, send)

    def _route(self, scope: Scope) -> DirectRoute[Any] | None:
        """The direct route of the request's path, None without one. Writes into `scope` what Starlette's router would:
        the route, and the path's parameters as text. A fixed path comes before one with a product's id."""
        path: str = scope["path"]
        route, parameters = self._fixed.get(path), {}
        if route is None:
            parent, _, last = path.rpartition("/")
            route, product_id = self._of_product.get(parent), last
            if route is None:
                before, _, product_id = parent.rpartition("/")
                route = self._below_product.get((before, last))
            route, parameters = route if product_id else None, {"product_id": product_id}
        if route is not None:
            scope["route"], scope["path_params"] = route, parameters
        return route
