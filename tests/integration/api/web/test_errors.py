"""Requests that are answered with an error, and the headers and metrics that every answer has."""

import json

import httpx
import pytest

from api.web import problem_types
from tests.support.api.running import Api

IDS = [
    "01",
    "+1",
    "-1",
    "1.0",
    "1e3",
    "1_0",
    "0x10",
    "%201",
    "1%20",
    "%D9%A1",
    "%EF%BC%91",
    "abc",
    "[$ne]",
    "%00",
    "1%00",
    "9" * 19,
]
IDS += [
    str(2**63),
    "9" * 20,
    "9" * 96,
    "null",
    "3;",
    "3'",
    "%7B%22$gt%22:%22%22%7D",
    "..%2F3"[:2] + "3",
    "%F0%9F%98%80",
    "%FF",
]


def problem(answer: httpx.Response, status: int) -> str:
    """Check that the answer is an RFC 9457 problem with all its members; return its message."""
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Cache-Control"] == "no-store"
    members = answer.json()
    assert members.keys() == {"type", "title", "status", "detail", "message"}
    assert (members["type"], status) in {(kind.uri, kind.status) for kind in problem_types.ALL.values()}
    assert (members["status"], members["title"]) == (status, httpx.codes(status).name.replace("_", " ").title())
    message: str = members["message"]
    assert message == members["detail"]
    return message


@pytest.mark.parametrize("route", ["sale", "rating"])
def test_unknown_products(shared_api: Api, route: str) -> None:
    for product in ("5", "0", str(2**63 - 1)):
        answer = shared_api.get(f"/api/product/{route}/{product}")
        assert problem(answer, 404) == f"No product with id {product} was found"


@pytest.mark.parametrize("route", ["sale", "rating"])
@pytest.mark.parametrize("text", IDS)
def test_what_no_product_can_have_as_its_id(shared_api: Api, route: str, text: str) -> None:
    answer = shared_api.get(f"/api/product/{route}/{text}")
    shown = httpx.URL(f"http://x/{text}").path[1:].replace("\0", "\\u0000")
    assert problem(answer, 404) == f"No product with id {shown} was found"


def test_a_long_id_is_cut_in_the_answer(shared_api: Api) -> None:
    answer = shared_api.get(f"/api/product/sale/{'9' * 5000}")
    assert problem(answer, 404) == f"No product with id {'9' * 128}… was found"


def test_an_id_cannot_change_how_the_answer_reads(shared_api: Api) -> None:
    answer = shared_api.get("/api/product/sale/1%E2%80%AE2%1B")
    assert problem(answer, 404) == "No product with id 1\\u202e2\\u001b was found"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api",
        "/api/product/",
        "/api/product/3/",
        "/api/product/3/series",
        "/api/product/sale/",
        "/api/product/sale/3/",
        "/api/product/sale/3/series/",
        "/api/product/sale/3/x",
        "/api/product/sale/%2F",
        "/api/product/sale/..%2f..%2f",
        "/redoc",
        "/api/product/sales/3",
        "//api/product/sale",
    ],
)
def test_unknown_addresses(shared_api: Api, path: str) -> None:
    assert problem(shared_api.client.get(f"{shared_api.url}{path}"), 404) == "There is nothing at this address"


@pytest.mark.parametrize("query", ["a=b", "a", "limit=5&limit=6", "=", "&", "%00", "from=2026-06-01"])
@pytest.mark.parametrize(
    ("path", "taken"),
    [
        ("sale/3", "This address takes the query parameters compare, window, and no other."),
        ("sale", "This address takes the query parameters compare, ids, window, and no other."),
        ("rating/3", "No query parameter has a meaning here."),
        ("rating/3/distribution", "This address takes the query parameter window, and no other."),
    ],
)
def test_query_parameters_are_refused(shared_api: Api, path: str, taken: str, query: str) -> None:
    refused = problem(shared_api.get(f"/api/product/{path}?{query}"), 400)
    assert refused.startswith(f"{taken} None is ignored, since it may be a misspelt one. Leave out: ")
    assert "cache buster" not in refused
    assert shared_api.get(f"/api/product/{path}?").status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "_=1767225600",
        "1767225600",
        "_dc=1",
        "cb=x",
        "No-Cache=1",
        "nocache",
        "v=1767225600",
        "t=0.25&a=b",
        "cacheBuster=9",
    ],
)
def test_a_cache_buster_is_refused_with_the_way_to_switch_it_off(shared_api: Api, query: str) -> None:
    answer = shared_api.get(f"/api/product/sale?{query}")
    refused = problem(answer, 400)
    assert query.partition("=")[0] in refused
    assert "cache buster" in refused
    assert "cache: true" in refused
    plain = shared_api.get("/api/product/sale")
    assert (plain.headers["Cache-Control"], bool(plain.headers["ETag"])) == ("private, no-cache", True)


def test_a_hostile_query_is_repeated_in_part(shared_api: Api) -> None:
    query = "&".join(f"{number}{'x' * 1000}" for number in range(5))
    refused = problem(shared_api.get(f"/api/product/sale?{query}"), 400)
    assert refused.endswith(" and 2 more")
    assert len(refused) < 300


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "QUERY"])
@pytest.mark.parametrize(
    "path", ["/api/product/sale/3", "/api/product/sale", "/api/product/rating/3", "/livez", "/openapi.json"]
)
def test_other_methods(shared_api: Api, method: str, path: str) -> None:
    answer = shared_api.client.request(method, path, content=b"{}" if method == "POST" else None)
    assert problem(answer, 405) == "This address answers GET and HEAD only"
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("path", ["/api/product/sale/3", "/api/product/sale/03", "/api/product/sale?a=b", "/livez"])
def test_options_tells_the_methods_to_anyone(shared_api: Api, path: str) -> None:
    answer = shared_api.client.options(path)
    assert (answer.status_code, answer.content, answer.headers["Allow"]) == (204, b"", "GET, HEAD, OPTIONS")
    assert problem(shared_api.client.options("/nothing"), 404) == "There is nothing at this address"


@pytest.mark.parametrize("accept", ["text/html", "application/xml;q=1, */*;q=0", "application/json;q=0", ";", "*"])
def test_accept_is_ignored(shared_api: Api, accept: str) -> None:
    answer = shared_api.get("/api/product/sale/3", Accept=accept)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")


def test_cors_is_off(shared_api: Api) -> None:
    origin = {"Origin": "https://elsewhere.example"}
    answers = [
        shared_api.get("/api/product/sale/3", **origin),
        shared_api.client.options("/api/product/sale/3", headers={**origin, "Access-Control-Request-Method": "GET"}),
    ]
    assert [answer.status_code for answer in answers] == [200, 204]
    assert not [name for answer in answers for name in answer.headers if name.lower().startswith("access-control")]


def test_head_is_get_without_its_body(shared_api: Api) -> None:
    for path in (
        "/api/product/sale/3",
        "/api/product/sale",
        "/api/product/rating/3",
        "/api/product/sale/9",
        "/livez",
        "/nothing",
    ):
        headers = {"Authorization": f"Bearer {shared_api.token()}", "X-Request-Id": "same"}
        get, head = (shared_api.client.request(method, path, headers=headers) for method in ("GET", "HEAD"))
        assert (head.status_code, head.content) == (get.status_code, b"")
        assert dict(head.headers) == dict(get.headers) | {"date": head.headers["date"]}


def test_a_body_on_get_is_ignored(shared_api: Api) -> None:
    headers = {"Authorization": f"Bearer {shared_api.token()}"}
    answer = shared_api.client.request("GET", "/api/product/sale/3", content=b'{"product": 4}' * 1000, headers=headers)
    assert answer.text == '{"total": 3000}'


def test_request_ids(shared_api: Api) -> None:
    for given in ("abc", "0" * 64, "A-b.c_9"):
        assert shared_api.client.get("/livez", headers={"X-Request-Id": given}).headers["X-Request-Id"] == given
    own = [
        shared_api.client.get("/livez", headers={"X-Request-Id": bad}).headers["X-Request-Id"]
        for bad in ("", "0" * 65, "a b", "a;b", "a\tb")
    ]
    assert all(len(each) == 16 for each in own)
    assert len(set(own)) == len(own)


def test_nothing_names_the_software(shared_api: Api) -> None:
    for path in ("/livez", "/nothing", "/api/product/sale"):
        headers = shared_api.client.get(path).headers
        assert "Server" not in headers
        assert "uvicorn" not in str(headers).lower()


def test_metrics_are_served(shared_api: Api) -> None:
    shared_api.get("/api/product/sale/3")
    shared_api.get("/api/product/sale/4")
    shared_api.client.request("BREW", "/api/product/sale/3")
    answer = shared_api.client.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain")
    for line in (
        'api_request_duration_seconds_count{method="GET",route="/api/product/sale/{product_id}",status="200"}',
        'api_request_duration_seconds_count{method="GET",route="/api/product/sale/{product_id}",status="404"}',
        'api_request_duration_seconds_count{method="other",route="/api/product/sale/{product_id}",status="405"}',
        'api_mongodb_query_duration_seconds_count{query="sales"}',
        'api_batch_keys_count{reader="sales"}',
        "process_resident_memory_bytes",
    ):
        assert line in answer.text
    assert json.dumps("sale/3") not in answer.text
