"""The application: wiring only."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from api import documentation, problems
from api.health import Health
from api.key_ring import KeyRing
from api.middleware import RequestMiddleware
from api.routes import operations, ratings, sales
from api.services import Clock, Services, system_clock
from shared.settings import ApiSettings

CORS: Final[dict[str, Any]] = {
    "allow_methods": ["GET", "HEAD"],
    "allow_headers": ["Authorization", "If-None-Match", "X-Request-Id"],
    "expose_headers": ["Data-As-Of", "ETag", "RateLimit", "RateLimit-Policy", "Retry-After", "X-Request-Id"],
}
"""What pages of `CORS_ORIGINS` may send and see. No cookies: a token is sent by whoever has it, not by the browser."""


def create_app(settings: ApiSettings, clock: Clock = system_clock) -> FastAPI:
    """The API. Needs no MongoDB to start. Raises ConfigurationError for a weak key."""
    keys = KeyRing(settings)
    health = Health(clock)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.services = services = Services.start(settings, keys, clock)
        yield
        await services.close()

    app = FastAPI(
        title=documentation.TITLE,
        description=documentation.DESCRIPTION,
        version=documentation.VERSION,
        lifespan=lifespan,
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        redirect_slashes=False,
    )
    app.state.health = health
    if origins := settings.origins():
        app.add_middleware(CORSMiddleware, allow_origins=origins, **CORS)
    app.add_middleware(RequestMiddleware, health=health)
    problems.install(app)
    for resource in (sales, ratings, operations):
        # Directly: matching a router within the application's router costs each request more than its answer.
        resource.add_to(app)
    documentation.correct(app.openapi())
    return app
