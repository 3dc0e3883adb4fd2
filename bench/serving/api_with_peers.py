"""Runs the API with five routes more, for comparison: in the same process, behind the same check of tokens.

- `/bench/constant` always answers the same. It shows what FastAPI, the server and the check cost.
- `/bench/direct` always answers the same, too, but past FastAPI, as the API's own routes do.
- `/bench/raw/{product_id}` is the plain style: each request aggregates raw events, by an index on product and time.
- `/bench/plain/{question}/{about}` is the plain style of a question of `bench.serving.plain_style`, such as
  `/bench/plain/ids/1,2,3`.
- `/bench/plain-csv/{question}/{about}` is the same as CSV.
"""

import csv
import io
import sys
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import Response, Security

from api.__main__ import main
from api.app import Application, create_app
from api.auth.access import SALES_READ
from api.web.direct_routes import Resource
from api.web.requests import AllProducts, AllProductsRequest
from api.web.responses import TotalSales, answer
from bench.serving.plain_style import asked
from shared.mongo import connect_async
from shared.settings import ApiSettings

RAW_EVENTS = "plain_events"
"""The collection that `/bench/raw` reads; `bench.measures.reads` fills it."""

PLAIN_MS = 60_000
"""So long the plain style may take for an answer, in milliseconds. Over millions of events it takes some seconds; half
of it might be too short on a busy machine, and twice of it would let a wrong index delay a report."""

Checked = Annotated[AllProductsRequest, Security(AllProducts(SALES_READ))]


def create(settings: ApiSettings) -> Application:
    """Return the API's application with the five routes added."""
    app = create_app(settings)

    async def constant(request: Checked) -> Response:
        return Response(b'{"total": 3000}', media_type="application/json")

    async def raw(product_id: int, request: Checked) -> dict[str, float]:
        since = datetime.now(UTC) - timedelta(hours=1)
        events = connection[RAW_EVENTS]
        match = {"$match": {"product_id": product_id, "created_at": {"$gte": since}}}
        cursor = await events.aggregate([match, {"$group": {"_id": None, "total": {"$sum": "$amount"}}}])
        rows = await cursor.to_list()
        return {"total": rows[0]["total"] if rows else 0}

    async def plain(question: str, about: str, request: Checked) -> list[dict[str, Any]]:
        collection, stages = asked(question, about)
        cursor = await connection[collection].aggregate(stages)
        return await cursor.to_list()

    async def plain_csv(question: str, about: str, request: Checked) -> Response:
        rows = await plain(question, about, request)
        table = io.StringIO()
        writer = csv.DictWriter(table, list(rows[0]) if rows else [])
        writer.writeheader()
        writer.writerows(rows)
        return Response(table.getvalue(), media_type="text/csv")

    connection = connect_async(settings.model_copy(update={"mongodb_timeout_ms": PLAIN_MS}), "plain-style")

    resource = Resource("bench")

    @resource.get(
        "/bench/direct",
        AllProducts(SALES_READ),
        operation_id="benchDirect",
        summary="",
        model=TotalSales,
        example={},
    )
    async def direct(request: AllProductsRequest) -> Response:
        return answer(request.http, b'{"total": 3000}', None)

    app.framework.get("/bench/constant", include_in_schema=False)(constant)
    app.framework.get("/bench/raw/{product_id}", include_in_schema=False)(raw)
    app.framework.get("/bench/plain/{question}/{about}", include_in_schema=False)(plain)
    app.framework.get("/bench/plain-csv/{question}/{about}", include_in_schema=False)(plain_csv)
    resource.add_to(app.framework)
    return Application(app.framework, app.health, settings.origins())


if __name__ == "__main__":
    sys.exit(main(create))
