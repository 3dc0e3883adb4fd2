"""What a token allows, asked for through the load balancer."""

import httpx

from stack.drivers.client import READING
from stack.waiting import wait_until
from tests.support.product.interface import Product

PATH = "/api/product/sale"


def issue(product: Product, *networks: str) -> dict[str, str]:
    """The header with a new token that may read everything, from these networks only, if any are given."""
    bound = (option for network in networks for option in ("--network", network))
    token = product.tokens("issue", "--name", "access", *READING, *bound)
    return {"Authorization": f"Bearer {token}"}


def test_the_client_s_address_is_the_one_that_nginx_sees(product: Product, client: httpx.Client) -> None:
    here, elsewhere = issue(product, *product.networks), issue(product, "203.0.113.0/24")
    for claim in ({}, {"X-Forwarded-For": "203.0.113.7"}, {"Forwarded": "for=203.0.113.7", "X-Real-IP": "203.0.113.7"}):
        assert client.get(PATH, headers={**here, **claim}).status_code == 200
        refused = client.get(PATH, headers={**elsewhere, **claim})
        assert (refused.status_code, refused.json()["message"]) == (403, "The token is not for use from this address")


def test_a_revocation_reaches_both_instances(product: Product, client: httpx.Client) -> None:
    header = issue(product)
    assert {client.get(PATH, headers=header).status_code for _ in range(20)} == {200}
    product.tokens("revoke", "--yes", "access")

    def statuses() -> set[int]:
        return {client.get(PATH, headers=header).status_code for _ in range(20)}

    wait_until("the revocation", lambda: statuses() == {401}, 5)


def test_only_the_interface_s_description_is_compressed(client: httpx.Client) -> None:
    accept = {"Accept-Encoding": "gzip"}
    described = client.get("/openapi.json", headers=accept)
    assert described.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in described.headers["Vary"]
    assert int(described.headers.get("Content-Length", 0)) < 10_000
    assert described.json() == client.get("/openapi.json", headers={"Accept-Encoding": "identity"}).json()
    assert "Content-Encoding" not in client.get(PATH, headers=accept).headers


def test_methods_that_answer_nothing(client: httpx.Client) -> None:
    options, head, post = (client.request(method, PATH) for method in ("OPTIONS", "HEAD", "POST"))
    assert (options.status_code, options.headers["Allow"]) == (204, "GET, HEAD, OPTIONS")
    assert (head.status_code, head.content) == (200, b"")
    assert (post.status_code, post.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")
    assert post.headers["Content-Type"] == "application/problem+json"
