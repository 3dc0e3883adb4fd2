"""What OpenAPI says is what the service does."""

from tests.support.api import Api


def test_openapi_tells_of_every_status(shared_api: Api) -> None:
    document = shared_api.client.get("/openapi.json").json()
    assert document["paths"].keys() == {
        "/api/product/sale/{product_id}",
        "/api/product/sale",
        "/api/product/rating/{product_id}",
    }
    for path, operations in document["paths"].items():
        of_product = {"404"} if "{" in path else set()
        expected = {"200", "304", "400", "401", "403", "405", "500", "503"} | of_product
        assert operations["get"]["responses"].keys() == expected
        assert operations["get"]["security"] == [{"token": []}]
    assert document["components"]["securitySchemes"]["token"] | {"description": ""} == {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "",
    }


def test_openapi_examples_are_true(shared_api: Api) -> None:
    """Each example of an error is what the service answers, body and headers."""
    responses = shared_api.client.get("/openapi.json").json()["paths"]["/api/product/sale/{product_id}"]["get"][
        "responses"
    ]
    answers = [
        shared_api.get("/api/product/sale/3"),
        shared_api.get("/api/product/sale/3?a=b"),
        shared_api.get("/api/product/sale/3", "wrong"),
        shared_api.get("/api/product/sale/3", shared_api.token(scopes=[])),
        shared_api.get("/api/product/sale/5"),
        shared_api.client.post("/api/product/sale/3"),
    ]
    for answer in answers:
        documented = responses[str(answer.status_code)]
        assert documented["content"][answer.headers["Content-Type"]]["example"] == answer.json()
        for name, header in documented["headers"].items():
            assert name == "Data-As-Of" or name in answer.headers
            assert header.get("example") in (None, answer.headers.get(name))
