"""What load balancers and Prometheus ask an instance: does it live, is it ready, what did it measure?

None of these addresses needs a token. They are for the inside of the network: nginx passes no request for them on.
"""

import json

from fastapi import FastAPI, Request, Response

from api.web.checks import services_of
from api.web.health import Health
from api.web.problem_types import NOT_READY
from api.web.problems import Problem
from shared.metrics import exposition

_UNCACHED = {"Cache-Control": "no-store"}


def add_to(app: FastAPI) -> None:
    """Add these routes to FastAPI. They are not in the OpenAPI document, which is for clients."""
    app.get("/livez", include_in_schema=False)(livez)
    app.get("/readyz", include_in_schema=False)(readyz)
    app.get("/metrics", include_in_schema=False)(metrics)


async def livez() -> Response:
    """Answer 200, as long as the process answers at all."""
    return _status("alive")


async def readyz(request: Request) -> Response:
    """Answer 200 when the load balancer should send requests here, else 503 with the reason."""
    health: Health = request.app.state.health
    reason = await health.unreadiness(services_of(request).database)
    if reason is not None:
        raise Problem(NOT_READY, f"Not ready: {reason}", {"Retry-After": "1"})
    return _status("ready")


async def metrics() -> Response:
    """Answer with all metrics of this process, in Prometheus' text format."""
    content, media_type = exposition()
    return Response(content, headers={**_UNCACHED, "Content-Type": media_type})


def _status(status: str) -> Response:
    return Response(json.dumps({"status": status}), headers=_UNCACHED, media_type="application/json")
