"""`requests.http` and the Postman collection: both ask for every answer, and neither holds a real token."""

import json
import re
from typing import Any

import jsonschema
import pytest

from tests.support.process import ROOT
from tests.support.requests.files import HTTP_FILE, POSTMAN_FILE, Requests, http_file, postman, postman_collection

DOCUMENT = json.loads((ROOT / "docs/openapi.json").read_text())

# A schema of Postman's collection format 2.1, as far as this collection uses the format.
TEXT = {"type": "string", "minLength": 1}
PAIRS = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["key", "value"],
        "properties": {"key": TEXT, "value": {"type": "string"}, "type": {"const": "string"}},
        "additionalProperties": False,
    },
}
ITEM = {
    "type": "object",
    "required": ["name", "request", "event"],
    "additionalProperties": False,
    "properties": {
        "name": TEXT,
        "request": {
            "type": "object",
            "required": ["method", "url", "header"],
            "additionalProperties": False,
            "properties": {
                "method": {"enum": ["GET"]},
                "description": TEXT,
                "header": PAIRS,
                "url": {
                    "type": "object",
                    "required": ["raw", "host", "path"],
                    "additionalProperties": False,
                    "properties": {
                        "raw": TEXT,
                        "host": {"type": "array", "items": TEXT},
                        "path": {"type": "array", "items": TEXT},
                        "query": PAIRS,
                    },
                },
            },
        },
        "event": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["listen", "script"],
                "additionalProperties": False,
                "properties": {
                    "listen": {"enum": ["test", "prerequest"]},
                    "script": {
                        "type": "object",
                        "required": ["type", "exec"],
                        "properties": {
                            "type": {"const": "text/javascript"},
                            "exec": {"type": "array", "minItems": 1, "items": TEXT},
                        },
                        "additionalProperties": False,
                    },
                },
            },
        },
    },
}
COLLECTION: dict[str, Any] = {
    "type": "object",
    "required": ["info", "item", "variable", "auth"],
    "additionalProperties": False,
    "properties": {
        "info": {
            "type": "object",
            "required": ["name", "schema"],
            "additionalProperties": False,
            "properties": {
                "name": TEXT,
                "description": TEXT,
                "schema": {"const": "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"},
            },
        },
        "item": {"type": "array", "minItems": 3, "items": ITEM},
        "variable": PAIRS,
        "auth": {
            "type": "object",
            "required": ["type", "bearer"],
            "additionalProperties": False,
            "properties": {"type": {"const": "bearer"}, "bearer": PAIRS},
        },
    },
}

both = pytest.mark.parametrize("file", [http_file(), postman()], ids=[HTTP_FILE.name, POSTMAN_FILE.name])


def test_the_collection_has_the_form_of_2_1() -> None:
    jsonschema.validate(postman_collection(), COLLECTION)


def test_the_collection_s_addresses_are_the_same_whole_and_in_parts() -> None:
    for item in postman_collection()["item"]:
        url = item["request"]["url"]
        query = "&".join(f"{pair['key']}={pair['value']}" for pair in url.get("query", []))
        assert url["raw"] == "/".join([*url["host"], *url["path"]]) + (f"?{query}" if query else "")


def test_the_collection_checks_every_answer() -> None:
    for item in postman_collection()["item"]:
        [script] = [event["script"]["exec"] for event in item["event"] if event["listen"] == "test"]
        text = "\n".join(script)
        assert "pm.response.to.have.status(200)" in text
        assert "pm.response.json()" in text or "pm.response.text()" in text


def test_both_ask_for_the_same() -> None:
    assert http_file().requests == postman().requests


@both
def test_it_asks_at_every_address_with_a_token(file: Requests) -> None:
    requests = file.filled(host="", token="T")
    paths = [request.url.partition("?")[0] for request in requests]
    for documented in DOCUMENT["paths"]:
        pattern = documented.replace("{product_id}", "[0-9]+")
        assert any(re.fullmatch(pattern, path) for path in paths), documented
    for request in requests:
        assert request.method == "GET"
        assert request.headers.pop("Accept") in ("application/json", "text/csv")
        assert request.headers == {"Authorization": "Bearer T"}


@both
def test_it_goes_to_this_host_and_holds_nobody_s_token(file: Requests) -> None:
    assert file.variables.keys() == {"host", "token"}
    assert file.variables["host"] == "https://127.0.0.1:8443"
    assert not re.search(r"eyJ", HTTP_FILE.read_text() + POSTMAN_FILE.read_text())
