"""nginx in front of the API instances: what clients reach, what they learn, what they do not notice."""

import json
import re

import httpx
import pytest

from tests.support.system import System
from tests.support.traffic import Traffic

PATH = "/api/product/sale"


def test_both_instances_serve(system: System, client: httpx.Client) -> None:
    before = system.answered(PATH)
    for _ in range(40):
        client.get(PATH).raise_for_status()
    gained = [now - then for now, then in zip(system.answered(PATH), before, strict=True)]
    assert sum(gained) == 40
    assert min(gained) >= 10


def test_a_killed_instance_is_invisible(system: System, client: httpx.Client) -> None:
    with Traffic(client, PATH) as traffic:
        traffic.wait_for(200)
        system.apis[0].kill()
        traffic.wait_for(400)
    assert set(traffic.outcomes) == {200}


def test_restarting_each_instance_is_invisible(system: System, client: httpx.Client) -> None:
    with Traffic(client, PATH) as traffic:
        for api in system.apis:
            traffic.wait_for(100)
            assert api.stop() == 0
            traffic.wait_for(100)
            api.start()
            system.wait_ready()
        traffic.wait_for(100)
    assert set(traffic.outcomes) == {200}


def test_a_restarted_instance_serves_again(system: System, client: httpx.Client) -> None:
    api = system.apis[0]
    api.kill()
    client.get(PATH).raise_for_status()
    client.get(PATH).raise_for_status()
    api.start()
    system.wait_ready()
    with Traffic(client, PATH) as traffic:
        api.wait_until("it serves", lambda: system.answered(PATH)[0] >= 10)
    assert set(traffic.outcomes) == {200}


def test_an_instance_that_was_down_a_moment_ago_is_found(system: System, client: httpx.Client) -> None:
    """nginx leaves an instance out for a while after a failure; unless all others are gone too."""
    system.apis[0].kill()
    for _ in range(4):
        client.get(PATH).raise_for_status()
    system.apis[0].start()
    system.wait_ready()
    system.apis[1].kill()
    assert [client.get(PATH).status_code for _ in range(10)] == [200] * 10


def test_without_instances_the_answer_is_a_problem(system: System, client: httpx.Client) -> None:
    for api in system.apis:
        api.kill()
    answer = client.get(PATH)
    assert answer.status_code == 502
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["Retry-After"] == "2"
    assert answer.json()["status"] == 502
    assert answer.json()["message"] == answer.json()["detail"]
    system.start()
    system.nginx.wait_until("it finds the instances again", lambda: client.get(PATH).status_code == 200)


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
def test_what_is_for_operators_is_not_exposed(system: System, client: httpx.Client, path: str) -> None:
    # httpx would tidy the path; nginx gets it as it is.
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
def test_neither_versions_nor_addresses_leak(system: System, client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.headers.get_list("Server") == ["nginx"]
    everything = f"{answer.headers} {answer.text}"
    assert not [port for port in system.api_ports if str(port) in everything]
    assert "uvicorn" not in everything.lower()


def test_the_request_id_is_nginxs_own_and_in_both_logs(system: System, client: httpx.Client) -> None:
    answer = client.get(PATH, headers={"X-Request-Id": "chosen-by-the-client"})
    (request_id,) = answer.headers.get_list("X-Request-Id")
    assert re.fullmatch("[0-9a-f]{32}", request_id)
    system.nginx.wait_for_output(request_id)
    system.nginx.wait_until("an instance logs it", lambda: any(request_id in api.output for api in system.apis))
    assert not any("chosen-by-the-client" in process.output for process in (system.nginx, *system.apis))


def test_the_access_log_has_neither_tokens_nor_queries(system: System, client: httpx.Client, token: str) -> None:
    answer = client.get(f"{PATH}?access_token=secret-of-mine")
    request_id = answer.headers["X-Request-Id"]
    system.nginx.wait_for_output(request_id)
    assert token not in system.nginx.output
    assert "secret-of-mine" not in system.nginx.output
    (entry,) = (json.loads(line) for line in system.nginx.output.splitlines() if request_id in line)
    assert (entry["method"], entry["path"], entry["status"]) == ("GET", PATH, answer.status_code)


def test_a_large_body_is_refused(client: httpx.Client) -> None:
    answer = client.request("GET", PATH, content=b"x" * 2_000)
    assert (answer.status_code, answer.headers["Content-Type"]) == (413, "application/problem+json")


def test_headers_beyond_all_measure_are_refused(client: httpx.Client) -> None:
    answer = client.get(PATH, headers={"X-Large": "x" * 40_000})
    assert (answer.status_code, answer.headers["Content-Type"]) == (431, "application/problem+json")
