"""Which requests are let in, and how the others are answered."""

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta

import pytest

from api.auth.access import record_id
from api.auth.key_ring import KeyRing
from api.auth.last_use import TokenUse
from api.services import system_clock, token_signer, token_verifier
from api.web.problem_types import EXPIRED_TOKEN, INVALID_TOKEN
from shared.mongo import access_database, connect_async
from stack.waiting import wait_until
from tests.integration.api.conftest import NOON
from tests.support.api.running import Api, uses_of
from tests.support.documents.given_events import GivenRating, GivenSale, store

ROUTES = (
    "/api/product/sale/3",
    "/api/product/sale",
    "/api/product/rating/3",
    "/api/product/sale/0x",
    "/api/product/sale?a=b",
)


@pytest.mark.parametrize("path", ROUTES)
def test_without_a_token(shared_api: Api, path: str) -> None:
    answer = shared_api.client.get(path)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="product-analytics"'
    assert answer.json()["message"] == "A valid bearer token is needed"


@pytest.mark.parametrize("authorization", ["Basic dXNlcjpwYXNz", "", "Token abc", "bearerabc", "Digest x=1"])
def test_with_another_scheme(shared_api: Api, authorization: str) -> None:
    answer = shared_api.client.get(ROUTES[0], headers={"Authorization": authorization})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="product-analytics"')


def test_every_invalid_token_gets_the_same_answer(api: Api) -> None:
    good = api.token()
    head, _, tail = good.rpartition(".")
    now = datetime.fromtimestamp(NOON / 1000, UTC)
    second = now + timedelta(seconds=1)
    expired = api.token(expires_at=second)
    forged = expired.rpartition(".")[0] + "." + tail
    unknown = token_signer(api.settings).sign(
        name="none", jti="A" * 22, scopes=frozenset(), issued_at=NOON // 1000, expires_at=NOON // 1000 + 1
    )
    revoked = api.token(expires_at=second, revoked_at=now)
    elsewhere = api.token(expires_at=second, networks=["10.9.8.7/32"])
    api.clock.now_ms += 1000
    invalid = [
        forged,
        unknown,
        revoked,
        elsewhere,
        api.token(revoked_at=now),
        head,
        f"{head}.{'B' if tail[0] == 'A' else 'A'}{tail[1:]}",
        good.upper(),
        "x",
        "a.b.c",
        "A" * 5000,
        "None",
        f"{good} x",
    ]
    answers = [api.client.get(ROUTES[0], headers={"Authorization": f"Bearer {token}"}) for token in invalid]
    assert {answer.status_code for answer in answers} == {401}
    [said] = {answer.content for answer in answers}
    assert json.loads(said) == api.client.get(ROUTES[0]).json() | {"type": INVALID_TOKEN.uri}
    challenge = 'Bearer realm="product-analytics", error="invalid_token"'
    assert {answer.headers["WWW-Authenticate"] for answer in answers} == {challenge}
    assert api.get(ROUTES[1], good).status_code == 200


def test_the_holder_of_an_expired_token_learns_when_it_expired(api: Api) -> None:
    token = api.token(expires_at=datetime.fromtimestamp(NOON / 1000, UTC) + timedelta(seconds=61))
    other = api.token(expires_at=datetime.fromtimestamp(NOON / 1000, UTC) + timedelta(seconds=61))
    assert api.get(ROUTES[1], token).status_code == 200
    api.clock.now_ms += 61_000
    said = "The token expired at 2026-06-01T12:01:01Z"
    for expired in (token, token, other):  # proven before, forgotten, and never proven while it was valid
        answer = api.get(ROUTES[0], expired)
        assert (answer.status_code, answer.json()["type"]) == (401, EXPIRED_TOKEN.uri)
        assert answer.json()["detail"] == f"{said}. A valid bearer token is needed"
        challenge = f'Bearer realm="product-analytics", error="invalid_token", error_description="{said}"'
        assert answer.headers["WWW-Authenticate"] == challenge
    api.tokens.update_many({}, {"$set": {"revoked_at": datetime.now(UTC)}})
    wait_until("the revocation", lambda: api.get(ROUTES[0], token).json()["type"] == INVALID_TOKEN.uri, 6)


def test_a_forged_signature_under_a_token_seen_before_is_refused(api: Api) -> None:
    """Whoever has seen the claims of a token, or its beginning, cannot use that an instance remembers it."""
    seen, other = api.token(), api.token()
    assert api.get(ROUTES[1], seen).status_code == 200
    (header, claims, _), (_, others_claims, others_signature) = seen.split("."), other.split(".")
    for forged in (
        f"{header}.{claims}.{others_signature}",
        f"{header}.{claims}.{'A' * 43}",
        f"{header}.{others_claims}.{seen.rpartition('.')[2]}",
        f"{header[:-4]}AAAA.{claims}.{seen.rpartition('.')[2]}",
    ):
        assert api.get(ROUTES[1], forged).status_code == 401
    assert api.get(ROUTES[1], seen).status_code == 200


def test_two_authorization_headers_are_refused(shared_api: Api) -> None:
    authorization = f"Bearer {shared_api.token()}"
    answer = shared_api.client.get(
        ROUTES[1], headers=[("Authorization", authorization), ("Authorization", authorization)]
    )
    assert answer.status_code == 401


def test_the_scheme_is_case_insensitive(shared_api: Api) -> None:
    answer = shared_api.client.get(ROUTES[1], headers={"Authorization": f"bEaReR {shared_api.token()}"})
    assert answer.status_code == 200


def test_a_signed_token_without_a_record_is_invalid(shared_api: Api) -> None:
    now = shared_api.clock.now_ms // 1000
    token = token_signer(shared_api.settings).sign(
        name="none", jti="A" * 22, scopes=frozenset({"sales:read"}), issued_at=now, expires_at=now + 60
    )
    assert shared_api.get(ROUTES[1], token).status_code == 401


def test_a_record_that_expires_earlier_than_its_token_counts(api: Api) -> None:
    token = api.token()
    api.tokens.update_one({}, {"$set": {"expires_at": datetime.fromtimestamp(NOON / 1000, UTC)}})
    assert api.get(ROUTES[1], token).json()["detail"].startswith("The token expired at 2026-06-01T12:00:00Z.")


def test_a_token_without_the_scope(api: Api) -> None:
    store(api.database, [GivenSale(3, NOON, "1"), GivenRating(3, NOON, "4")])
    sales, ratings = api.token(scopes=["sales:read"]), api.token(scopes=["ratings:read"])
    assert api.get("/api/product/sale/3", sales).status_code == 200
    assert api.get("/api/product/rating/3", ratings).status_code == 200
    for path, token, scope in (
        ("/api/product/sale/3", ratings, "sales:read"),
        ("/api/product/sale", ratings, "sales:read"),
        ("/api/product/rating/3", sales, "ratings:read"),
        ("/api/product/rating/99", sales, "ratings:read"),
    ):
        answer = api.get(path, token)
        assert answer.status_code == 403
        assert answer.json()["message"] == f"The token lacks the scope {scope}"
        challenge = f'Bearer realm="product-analytics", error="insufficient_scope", scope="{scope}"'
        assert answer.headers["WWW-Authenticate"] == challenge


def test_a_token_for_some_products(api: Api) -> None:
    store(api.database, [GivenSale(3, NOON, "1"), GivenSale(4, NOON, "1"), GivenRating(3, NOON, "4")])
    token = api.token(products=[3, 5])
    assert api.get("/api/product/sale/3", token).text == '{"total": 1}'
    assert api.get("/api/product/rating/3", token).text == '{"average_rating": 4}'
    assert api.get("/api/product/sale/5", token).status_code == 404
    # The answer is the same for another product that exists, for one that does not, and for the sum over all products.
    refusals = [api.get(path, token) for path in ("/api/product/sale/4", "/api/product/sale/6", "/api/product/sale")]
    assert {(answer.status_code, answer.content) for answer in refusals} == {(403, refusals[0].content)}
    assert 'error="insufficient_scope"' in refusals[0].headers["WWW-Authenticate"]


def test_a_revoked_token_ends_within_five_seconds(api: Api) -> None:
    token = api.token()
    assert api.get(ROUTES[1], token).status_code == 200
    revoked_at = time.monotonic()
    api.tokens.update_one({}, {"$set": {"revoked_at": datetime.now(UTC)}})
    wait_until("the revocation", lambda: api.get(ROUTES[1], token).status_code == 401, 6)
    assert time.monotonic() - revoked_at < 5


def test_the_last_use_is_written_once_a_minute(api: Api) -> None:
    token = api.token()
    (record,) = api.tokens.find()

    def last_used() -> datetime | None:
        found = uses_of(api.database).find_one({"_id": record["_id"]})
        return None if found is None else found["last_used_at"]

    assert api.get(ROUTES[1], token).status_code == 200
    wait_until("the first use to be written", lambda: last_used() is not None, 10)
    assert last_used() == datetime.fromtimestamp(NOON / 1000, UTC)


def test_instances_together_write_the_last_use_once_a_minute(api: Api) -> None:
    api.token()
    (record,) = api.tokens.find()

    async def two_instances() -> None:
        database = connect_async(api.settings, "test")
        first, second = (TokenUse(access_database(database), system_clock) for _ in range(2))
        first.note(record["_id"])
        await first.write()
        second.note(record["_id"])
        await second.write()
        await database.client.close()

    before = datetime.now(UTC)
    asyncio.run(two_instances())
    (found,) = uses_of(api.database).find()
    written = {"ns": uses_of(api.database).full_name, "op": {"$in": ["i", "u"]}}
    assert len(list(api.database.client["local"]["oplog.rs"].find(written))) == 1
    assert before - timedelta(milliseconds=1) <= found["last_used_at"] <= datetime.now(UTC)


def test_a_use_after_a_minute_is_written_and_one_before_is_not(api: Api) -> None:
    api.token()
    (record,) = api.tokens.find()
    uses = uses_of(api.database)

    async def use() -> None:
        database = connect_async(api.settings, "test")
        instance = TokenUse(access_database(database), system_clock)
        instance.note(record["_id"])
        await instance.write()
        await database.client.close()

    now = datetime.now(UTC).replace(microsecond=0)
    for ago, is_written in ((timedelta(seconds=30), False), (timedelta(seconds=61), True)):
        uses.update_one({"_id": record["_id"]}, {"$set": {"last_used_at": now - ago}}, upsert=True)
        asyncio.run(use())
        (found,) = uses.find()
        assert (found["last_used_at"] >= now) == is_written


def test_only_digests_are_stored(api: Api) -> None:
    token = api.token()
    claims = token_verifier(KeyRing(api.settings).keys, api.settings).verify(token, api.clock.now_ms / 1000)
    (record,) = api.tokens.find()
    assert record["_id"] == record_id(claims.jti)
    assert claims.jti not in str(record)
