"""`requests.http` and the Postman collection, read as an editor's HTTP client and Postman read them."""

import json
import re
from typing import Any, NamedTuple

from tests.support.process import ROOT

HTTP_FILE = ROOT / "requests.http"
POSTMAN_FILE = ROOT / "postman_collection.json"

_VARIABLE = re.compile(r"\{\{(\w+)\}\}")


class Request(NamedTuple):
    """A request; before `filled`, its texts hold variables such as `{{host}}`."""

    method: str
    url: str
    headers: dict[str, str]


class Requests(NamedTuple):
    """What a file holds: its variables with their defaults, and its requests, whose variables are not filled in."""

    variables: dict[str, str]
    requests: list[Request]

    def filled(self, **variables: str) -> list[Request]:
        """The requests with these values of the variables, and the file's defaults for all others."""
        values = self.variables | variables
        return [
            Request(method, _fill(url, values), {name: _fill(value, values) for name, value in headers.items()})
            for method, url, headers in self.requests
        ]


def http_file() -> Requests:
    """Read `requests.http`: variables (`@name = value`), then requests, each after a line that starts with ###."""
    head, *blocks = re.split(r"(?m)^###.*\n", HTTP_FILE.read_text())
    variables = dict(re.findall(r"(?m)^@(\w+) = (.*)$", head))
    return Requests(variables, [_http_request(block) for block in blocks])


def postman_collection() -> dict[str, Any]:
    """The Postman collection as a JSON object."""
    collection: dict[str, Any] = json.loads(POSTMAN_FILE.read_text())
    return collection


def postman() -> Requests:
    """Read the Postman collection; each request has the header that Postman makes of the collection's authorization."""
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
    return _VARIABLE.sub(lambda match: values[match[1]], text)
