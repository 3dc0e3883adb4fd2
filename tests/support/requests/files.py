"""`requests.http` and the Postman collection, read as the tools that they are for read them."""

import json
import re
from typing import Any, NamedTuple

from tests.support.process import ROOT

HTTP_FILE = ROOT / "requests.http"
POSTMAN_FILE = ROOT / "postman_collection.json"

_PLACE = re.compile(r"\{\{(\w+)\}\}")


class Request(NamedTuple):
    """A request with its variables filled in."""

    method: str
    url: str
    headers: dict[str, str]


class Requests(NamedTuple):
    """A file: its variables with their defaults, and its requests before they are filled in."""

    variables: dict[str, str]
    requests: list[Request]

    def filled(self, **variables: str) -> list[Request]:
        """The requests with these variables, or the file's own."""
        values = self.variables | variables
        return [
            Request(method, _fill(url, values), {name: _fill(value, values) for name, value in headers.items()})
            for method, url, headers in self.requests
        ]


def http_file() -> Requests:
    """`requests.http`: variables, then requests, each after a line that starts with ###."""
    head, *blocks = re.split(r"(?m)^###.*\n", HTTP_FILE.read_text())
    variables = dict(re.findall(r"(?m)^@(\w+) = (.*)$", head))
    return Requests(variables, [_http_request(block) for block in blocks])


def postman_collection() -> dict[str, Any]:
    """The collection as it is written."""
    collection: dict[str, Any] = json.loads(POSTMAN_FILE.read_text())
    return collection


def postman() -> Requests:
    """The collection's requests, each with the headers that Postman makes of its authorization."""
    collection = postman_collection()
    variables = {variable["key"]: variable["value"] for variable in collection["variable"]}
    bearer = next(field["value"] for field in collection["auth"]["bearer"] if field["key"] == "token")
    requests = [
        Request(
            item["request"]["method"],
            item["request"]["url"]["raw"],
            {"Authorization": f"Bearer {bearer}"}
            | {header["key"]: header["value"] for header in item["request"]["header"]},
        )
        for item in collection["item"]
    ]
    return Requests(variables, requests)


def _http_request(block: str) -> Request:
    lines = [line for line in block.strip().splitlines() if not line.startswith("#")]
    method, url = lines[0].split(" ")
    headers = dict(line.split(": ", 1) for line in lines[1:] if line)
    return Request(method, url, headers)


def _fill(text: str, values: dict[str, str]) -> str:
    return _PLACE.sub(lambda match: values[match[1]], text)
