"""What a direct route can be, and what FastAPI documents of it."""

from typing import Any

import pytest
from fastapi import FastAPI, Response

from api.auth.access import SALES_READ
from api.web.direct_routes import DirectRoute, Resource
from api.web.requests import OneProduct, ProductRequest
from api.web.responses import TotalSales


def resource(path: str) -> Resource:
    """A resource with one route, at this path."""
    made = Resource("things")

    @made.get(path, OneProduct(SALES_READ), summary="A thing", model=TotalSales, example={"total": 1})
    async def thing(request: ProductRequest) -> Response:
        """Says how many."""
        return Response()

    return made


@pytest.mark.parametrize("path", ["/things/{product_id}/of", "/things/{other}", "/{product_id}/{product_id}"])
def test_a_path_that_could_not_be_found_is_named_at_start(path: str) -> None:
    with pytest.raises(ValueError, match="the path of a direct route is fixed") as raised:
        resource(path)
    assert str(raised.value).startswith(path)


def test_fastapi_documents_the_checks_and_the_endpoint() -> None:
    app = FastAPI()
    resource("/things/{product_id}").add_to(app)
    assert [route.path for route in app.routes if isinstance(route, DirectRoute)] == ["/things/{product_id}"]
    documented: dict[str, Any] = app.openapi()["paths"]["/things/{product_id}"]["get"]
    assert [(parameter["name"], parameter["in"]) for parameter in documented["parameters"]] == [("product_id", "path")]
    assert documented["security"] == [{"token": []}]
    assert (documented["tags"], documented["summary"]) == (["things"], "A thing")
    assert documented["description"] == "Says how many."
    assert "404" in documented["responses"]
