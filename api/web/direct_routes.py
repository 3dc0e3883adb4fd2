"""Routes that are answered without the framework's way to them, which costs several times what they do (ADR 13)."""

from collections.abc import Iterable
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from api.web import problems
from api.web.requests import Bearer

_PRODUCT = "/{product_id}"


class DirectRoute(APIRoute):
    """A route whose endpoint takes the request, its caller and perhaps a product's id, and is called with just these.

    FastAPI documents it by the endpoint's signature, as any other, and answers all methods but GET.
    """

    def __init__(self, path: str, endpoint: Any, **options: Any) -> None:
        super().__init__(path, endpoint, **options)
        (dependency,) = self.dependant.dependencies
        if not isinstance(dependency.call, Bearer):
            raise TypeError(f"{path}: the caller is the one dependency that a direct route can have")
        self._bearer = dependency.call

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, whose path's parameters were found."""
        if scope["method"] != "GET":
            await super().handle(scope, receive, send)
            return
        request = Request(scope)
        try:
            caller = await self._bearer(request)
            response = await self.endpoint(request, **scope["path_params"], caller=caller)
        except problems.EXPECTED as error:
            response = problems.of(error).response()
        await response(scope, receive, send)


class DirectRoutes:
    """Goes before an application: passes a GET for one of its direct routes to that, and all else on.

    No other middleware of the application's own sees what goes the direct way.
    """

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        self._app = app
        direct = {route.path: route for route in routes if isinstance(route, DirectRoute)}
        self._plain = {path: route for path, route in direct.items() if not path.endswith(_PRODUCT)}
        self._of_product = {path.removesuffix(_PRODUCT): direct[path] for path in direct.keys() - self._plain.keys()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One connection, of any kind."""
        route = self._route(scope) if scope["type"] == "http" and scope["method"] == "GET" else None
        await (self._app if route is None else route.handle)(scope, receive, send)

    def _route(self, scope: Scope) -> DirectRoute | None:
        path: str = scope["path"]
        route, parameters = self._plain.get(path), {}
        if route is None:
            parent, _, product_id = path.rpartition("/")
            route, parameters = self._of_product.get(parent) if product_id else None, {"product_id": product_id}
        if route is not None:
            scope["route"], scope["path_params"] = route, parameters
        return route
