"""What operators and load balancers ask. None of it needs a token; the load balancer passes on no `/metrics`."""

import json
from http import HTTPStatus

from fastapi import APIRouter, Request, Response

from api.dependencies import ServicesOfApp
from api.health import Health
from api.problems import Problem
from shared.metrics import exposition

router = APIRouter(tags=["operations"], include_in_schema=False)

_UNCACHED = {"Cache-Control": "no-store"}


@router.get("/livez")
async def livez() -> Response:
    """200 as long as the process answers at all."""
    return _status("alive")


@router.get("/readyz")
async def readyz(request: Request, services: ServicesOfApp) -> Response:
    """200 when requests should be sent here, else 503 with the reason."""
    health: Health = request.app.state.health
    reason = await health.unreadiness(services.database)
    if reason is not None:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, f"Not ready: {reason}", {"Retry-After": "1"})
    return _status("ready")


@router.get("/metrics")
async def metrics() -> Response:
    """Prometheus' text format."""
    content, media_type = exposition()
    return Response(content, headers={**_UNCACHED, "Content-Type": media_type})


def _status(status: str) -> Response:
    return Response(json.dumps({"status": status}), headers=_UNCACHED, media_type="application/json")
