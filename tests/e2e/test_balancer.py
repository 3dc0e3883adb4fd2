"""nginx in front of the API instances: which addresses clients reach, and what answers and logs give away."""

import json
import re

import httpx
import pytest

from tests.support.product.interface import Product, wait_for_log

PATH = "/api/product/sale"


@pytest.mark.parametrize(
    "path",
    [
        "/metrics",
        "/livez",
        "/readyz",
        "/",
        "/api",
        "/api/../metrics",
        "/api/%2e%2e/metrics",
        "//metrics",
        "/%6detrics",
        "/metrics?/api/",
        "/problem",
    ],
)
def test_what_is_for_operators_is_not_exposed(client: httpx.Client, path: str) -> None:
    # As the target, since httpx would normalise the path; nginx must get it as it is.
    answer = client.send(client.build_request("GET", "/", extensions={"target": path.encode()}))
    assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["message"] == "There is nothing at this address"


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/healthz"])
def test_what_is_for_clients_is_exposed(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 200


def test_a_condition_that_cannot_hold_is_refused_as_a_problem(client: httpx.Client) -> None:
    answer = client.get("/healthz", headers={"If-Match": '"any"'})
    assert (answer.status_code, answer.headers["Content-Type"]) == (412, "application/problem+json")
    assert (answer.json()["status"], answer.json()["title"]) == (412, "Precondition Failed")


@pytest.mark.parametrize("path", [PATH, "/api/product/sale/4711", "/metrics", "/docs", "/api/nothing"])
def test_neither_versions_nor_addresses_leak(product: Product, client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.headers.get_list("Server") == ["nginx"]
    everything = f"{answer.headers} {answer.text}"
    for address in product.instances:
        host, _, port = address.partition(":")
        assert not re.search(rf"{re.escape(host)}|:{port}\b", everything)
    assert "uvicorn" not in everything.lower()


def test_the_request_id_is_nginxs_own_and_in_both_logs(product: Product, client: httpx.Client) -> None:
    answer = client.get(PATH, headers={"X-Request-Id": "chosen-by-the-client"})
    (request_id,) = answer.headers.get_list("X-Request-Id")
    assert re.fullmatch("[0-9a-f]{32}", request_id)
    wait_for_log(product, "nginx", request_id)
    wait_for_log(product, "api", request_id)
    assert "chosen-by-the-client" not in product.log("nginx") + product.log("api")


def test_the_access_log_has_neither_tokens_nor_queries(product: Product, client: httpx.Client, token: str) -> None:
    answer = client.get(f"{PATH}?access_token=secret-of-mine")
    request_id = answer.headers["X-Request-Id"]
    wait_for_log(product, "nginx", request_id)
    log = product.log("nginx")
    assert token not in log
    assert "secret-of-mine" not in log
    (entry,) = (json.loads(line) for line in log.splitlines() if request_id in line)
    assert (entry["method"], entry["path"], entry["status"]) == ("GET", PATH, answer.status_code)


def test_a_large_body_is_refused(client: httpx.Client) -> None:
    answer = client.request("GET", PATH, content=b"x" * 2_000)
    assert (answer.status_code, answer.headers["Content-Type"]) == (413, "application/problem+json")


def test_headers_beyond_all_measure_are_refused(client: httpx.Client) -> None:
    answer = client.get(PATH, headers={"X-Large": "x" * 40_000})
    assert (answer.status_code, answer.headers["Content-Type"]) == (431, "application/problem+json")
