"""What a direct route can be, and what FastAPI documents of it."""

from typing import Any

import pytest
from fastapi import FastAPI, Request, Response
from httpx import ASGITransport, AsyncClient

from api.auth.access import SALES_READ
from api.web.checks import RequestChecks
from api.web.direct_routes import DirectRoute, DirectRoutes, Resource
from api.web.requests import OneProduct, ProductRequest
from api.web.responses import TotalSales


def resource(path: str) -> Resource:
    """A resource with one route, at this path."""
    made = Resource("things")

    @made.get(path, OneProduct(SALES_READ), operation_id="getThing", summary="A thing", model=TotalSales, example={})
    async def thing(request: ProductRequest) -> Response:
        """Says how many."""
        return Response()

    return made


@pytest.mark.parametrize(
    "path", ["/things/{product_id}/of/it", "/things/{other}", "/{product_id}/{product_id}", "/{product_id}/"]
)
def test_a_path_that_could_not_be_found_is_named_at_start(path: str) -> None:
    with pytest.raises(ValueError, match="the path of a direct route is fixed") as raised:
        resource(path)
    assert str(raised.value).startswith(path)


def answering(name: str) -> Resource:
    """A resource with the paths that a direct route can have. An answer has the path and the product as headers."""
    made = Resource(name)
    for number, path in enumerate(
        ("/a", "/a/{product_id}", "/a/{product_id}/of", "/a/of", "/{product_id}", "/b/{product_id}/of")
    ):

        @made.get(path, Anyone(SALES_READ), operation_id=f"get{number}", summary="", model=TotalSales, example={})
        async def endpoint(request: Request, path: str = path) -> Response:
            return Response(f"{path} {request.path_params.get('product_id')}")

    return made


class Anyone(RequestChecks[Request]):
    """Lets every request through."""

    async def __call__(self, request: Request, **path_parameters: Any) -> Request:
        return request


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/a", "/a None"),
        ("/a/3", "/a/{product_id} 3"),
        ("/a/of", "/a/of None"),
        ("/a/3/of", "/a/{product_id}/of 3"),
        ("/a/of/of", "/a/{product_id}/of of"),
        ("/b", "/{product_id} b"),
        ("/b/of", "404"),
        ("/b/3/of", "/b/{product_id}/of 3"),
        ("/b//of", "404"),
        ("/a/", "404"),
        ("/", "404"),
        ("//", "404"),
        ("/a/3/", "404"),
        ("/a/3/of/", "404"),
        ("/a/3/other", "404"),
        ("/a/3/4/of", "404"),
    ],
)
async def test_the_route_of_a_path_is_found(path: str, found: str) -> None:
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    answering("things").add_to(app)
    async with AsyncClient(transport=ASGITransport(DirectRoutes(app, app.routes))) as client:
        answer = await client.get("http://x" + path)
    assert found == ("404" if answer.status_code == 404 else answer.text)


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
