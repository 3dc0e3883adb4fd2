"""Puts the application together; decides nothing else.

A request passes RequestMiddleware, CORS where it is switched on, and DirectRoutes. DirectRoutes answers a GET for a
route with data by itself and hands every other request to FastAPI.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from api.auth.key_ring import KeyRing
from api.routes import operations, products, ratings, sales, search, series, top
from api.services import Clock, Services, system_clock
from api.web import documentation, framework_errors
from api.web.cors import Cors
from api.web.direct_routes import DirectRoutes
from api.web.health import Health
from api.web.middleware import RequestMiddleware
from shared.settings import ApiSettings


class Application:
    """The ASGI application that the server runs.

    `framework` is FastAPI's part of it. Middleware that every request must pass belongs here and not into `framework`,
    which does not see the requests that DirectRoutes answers.
    """

    def __init__(self, framework: FastAPI, health: Health, origins: Sequence[str]) -> None:
        self.framework = framework
        self.health = health
        entrance: ASGIApp = DirectRoutes(framework, framework.routes)
        if origins:
            entrance = Cors(entrance, origins)
        self._entrance = RequestMiddleware(entrance, health)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection, or the application's lifespan, as ASGI defines them."""
        await self._entrance(scope, receive, send)


def create_app(settings: ApiSettings, clock: Clock = system_clock) -> Application:
    """Make the API. `clock` gives UTC milliseconds. Raises ConfigurationError for a weak key.

    MongoDB need not run yet: the API connects to it for the first query.
    """
    keys = KeyRing(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[dict[str, Services]]:
        services = Services.start(settings, keys, clock)
        yield {"services": services}
        await services.close()

    framework = FastAPI(
        title=documentation.TITLE,
        description=documentation.DESCRIPTION,
        version=documentation.VERSION,
        servers=documentation.SERVERS,
        lifespan=lifespan,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        redirect_slashes=False,
    )
    framework.state.health = health = Health(clock)
    framework_errors.install(framework)
    resources = (sales, ratings, products, search, top, series)
    for resource in (each.resource for each in resources):
        resource.add_to(framework)
    operations.add_to(framework)
    documentation.correct(framework.openapi(), framework.routes)
    return Application(framework, health, settings.origins())
