"""The OpenAPI document says what the service does."""

import json
import re

from jsonschema import Draft202012Validator

from api.openapi import document
from api.web.documentation import AT_THE_EDGE
from tests.support.api.running import Api
from tests.support.process import ROOT


def test_openapi_tells_of_every_status(shared_api: Api) -> None:
    document = shared_api.client.get("/openapi.json").json()
    assert document["paths"].keys() >= {
        "/api/product/sale/{product_id}",
        "/api/product/sale",
        "/api/product/rating/{product_id}",
    }
    for path, operations in document["paths"].items():
        of_product = {"404"} if "{" in path else set()
        of_product |= {"422"} if path.endswith("/distribution") else set()
        own = {"200", "304", "400", "401", "403", "405", "500", "503"} | of_product
        expected = own | {"413", "414", "429", "431", "502", "504"}
        assert operations["get"]["responses"].keys() == expected
        assert operations["get"]["security"] == [{"token": []}]
    assert document["components"]["securitySchemes"]["token"] | {"description": ""} == {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "",
    }


def test_examples_of_bodies_are_as_their_schemas_say() -> None:
    described = json.loads(document())
    examples = 0
    for path in described["paths"].values():
        for answer in path["get"]["responses"].values():
            for media_type, body in answer.get("content", {}).items():
                if media_type.endswith("json"):
                    schema = body["schema"] | {"components": described["components"]}
                    named = body.get("examples") or {"": {"value": body["example"]}}
                    for example in named.values():
                        Draft202012Validator(schema).validate(example["value"])
                        examples += 1
    assert examples > 100


def test_the_load_balancer_answers_what_openapi_says_of_it() -> None:
    messages = (ROOT / "nginx.conf").read_text().partition("$problem_message")[2]
    answered = dict(re.findall(r'^ +(\d{3}) "(.+)";$', messages, re.MULTILINE))
    assert {str(kind.status.value): message for kind, message in AT_THE_EDGE.items()}.items() <= answered.items()


def test_the_document_changes_only_together_with_the_code() -> None:
    assert (ROOT / "docs/openapi.json").read_text() == document() + "\n", "raise VERSION, then `make openapi`"


def test_a_client_generator_finds_all_that_it_needs() -> None:
    described = json.loads(document())
    operations = [operation for path in described["paths"].values() for operation in path.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(set(ids)) == len(ids)
    assert {"getProductSales", "getSales", "getProductRating"} <= set(ids)
    assert all(re.fullmatch(r"[a-z]+([A-Z][a-z]+)+", each) for each in ids)
    tags = {tag["name"]: tag["description"] for tag in described["tags"]}
    assert tags.keys() == {tag for operation in operations for tag in operation["tags"]}
    assert described["servers"][0]["url"] == "/"
    for operation in operations:
        for parameter in operation["parameters"]:
            assert parameter["description"]
            assert "example" in parameter or parameter["schema"]["examples"], parameter["name"]
        for status, answer in operation["responses"].items():
            assert all({"example", "examples"} & content.keys() for content in answer.get("content", {}).values()), (
                status
            )
