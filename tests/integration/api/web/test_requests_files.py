"""`requests.http` and the Postman collection: each of their requests, sent to a running API."""

from functools import partial

import httpx
import pytest

from shared.name_index import index_names
from stack.waiting import wait_until
from tests.integration.api.conftest import NOON
from tests.support.api.running import Api
from tests.support.documents.given_events import GivenRating, GivenSale, store
from tests.support.requests.files import HTTP_FILE, POSTMAN_FILE, Request, Requests, http_file, postman

ANSWERS = ['{"total": 3000}', '{"total": 3500.5}', '{"average_rating": 4.5}']

both = pytest.mark.parametrize("file", [http_file(), postman()], ids=[HTTP_FILE.name, POSTMAN_FILE.name])


@both
def test_all_requests_are_answered(api: Api, file: Requests) -> None:
    store(api.database, [GivenSale(3, NOON, "2000"), GivenSale(3, NOON, "1000"), GivenSale(4, NOON, "500.5")])
    store(api.database, [GivenRating(1, NOON, "4"), GivenRating(1, NOON, "5")])
    index_names(api.database)
    requests = file.filled(host=api.url, token=api.token())
    # An instance that has just started needs a moment until it can rank.
    for request in requests:
        wait_until(f"an answer to {request.url}", partial(_is_answered, request), 20)
    answers = [send(request) for request in requests]
    assert [answer.text for answer in answers[:3]] == ANSWERS
    for request, answer in zip(requests, answers, strict=True):
        assert answer.headers["Content-Type"].partition(";")[0] == request.headers["Accept"]


@both
def test_without_a_token_of_one_s_own_they_are_refused(api: Api, file: Requests) -> None:
    assert {send(request).status_code for request in file.filled(host=api.url)} == {401}


def _is_answered(request: Request) -> bool:
    return send(request).status_code == 200


def send(request: Request) -> httpx.Response:
    return httpx.request(request.method, request.url, headers=request.headers, timeout=20)
