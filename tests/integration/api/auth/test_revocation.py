"""How tokens and keys end on running instances: revoked, with and without the change stream; rotated; left idle."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import OperationFailure

from shared.settings import ApiSettings
from stack.waiting import wait_until
from tests.integration.api.conftest import NOON, api_settings
from tests.support.api.keys import pem_pair
from tests.support.api.running import Api, ManualClock, RunningClock, serving, uses_of
from tests.support.documents.given_events import Documents
from tests.support.servers.interface import MongoServer

PATH = "/api/product/sale"
NEWER = "Zr8_qLw0Xn5vKc3TgYb7MpHs2DjUe9FaRi4oV6tQxB1"


@contextmanager
def instances(settings: ApiSettings, database: Documents, count: int) -> Iterator[list[Api]]:
    """`count` running instances of the API on one database, by this machine's clock."""
    clock = RunningClock()
    with ExitStack() as stack:
        urls = [stack.enter_context(serving(settings, clock)) for _ in range(count)]
        apis = [Api(settings, database, clock, url) for url in urls]
        for api in apis:
            stack.enter_context(api.client)
        yield apis


def revoke_and_measure(apis: list[Api], revoke: Any) -> float:
    """Seconds from `revoke` until every instance refuses a token that all of them accepted."""
    token = apis[0].token()
    assert [api.get(PATH, token).status_code for api in apis] == [200] * len(apis)
    revoke()
    started = time.monotonic()
    for api in apis:
        wait_until("the revocation", lambda api=api: api.get(PATH, token).status_code == 401, 10)  # type: ignore[misc]
    return time.monotonic() - started


def test_a_revocation_reaches_every_instance(settings: ApiSettings, database: Documents) -> None:
    with instances(settings, database, 2) as apis:
        tokens = apis[0].tokens
        revoked = {"$set": {"revoked_at": datetime.now(UTC)}}
        assert revoke_and_measure(apis, lambda: tokens.update_many({}, revoked)) < 5
        assert revoke_and_measure(apis, lambda: tokens.delete_many({})) < 5


def test_a_revocation_reaches_every_instance_without_the_stream(
    settings: ApiSettings, database: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut(*arguments: Any, **options: Any) -> None:
        raise OperationFailure("not authorized to execute this command", 13)

    monkeypatch.setattr(AsyncCollection, "watch", cut)
    with instances(settings, database, 2) as apis:
        revoked = {"$set": {"revoked_at": datetime.now(UTC)}}
        assert revoke_and_measure(apis, lambda: apis[0].tokens.update_many({}, revoked)) < 5


def test_it_fails_closed_in_the_time_that_is_set(mongo: MongoServer, database: Documents) -> None:
    settings = api_settings(mongo, database).model_copy(update={"token_trust_seconds": 1.0})
    with instances(settings, database, 1) as (api,):
        token = api.token()
        path = f"{PATH}/not-an-id"  # needs no data, so that the token alone decides
        assert api.get(path, token).status_code == 404
        mongo.freeze()
        frozen_at = time.monotonic()
        wait_until("the token to be trusted no longer", lambda: api.get(path, token).status_code == 503, 10)
        # One second of trust, one until the read gives up, and two for a busy machine.
        assert time.monotonic() - frozen_at < 4
        mongo.thaw()
        wait_until("the token to be trusted again", lambda: api.get(path, token).status_code == 404, 15)


def test_keys_are_rotated_without_a_restart(
    mongo: MongoServer, database: Documents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.auth.key_ring.PERIOD_SECONDS", 0.05)
    private, public = pem_pair()
    settings = api_settings(mongo, database).model_copy(
        update={"token_signing_key": SecretStr(""), "token_keys_dir": str(tmp_path), "token_key_id": "old"}
    )
    (tmp_path / "old").write_text("kM3v_0Tq9wXzR7hLb2NfYc8JdPsGuEaV5tHiO1nQxW4")
    with instances(settings, database, 2) as apis:
        old = apis[0].token()

        def signed_by(key_id: str, key: str) -> str:
            changes = {"token_signing_key": SecretStr(key), "token_keys_dir": "", "token_key_id": key_id}
            return Api(settings.model_copy(update=changes), database, RunningClock(), apis[0].url).token()

        new, newer = signed_by("new", private), signed_by("newer", NEWER)

        def statuses(token: str) -> set[int]:
            return {api.get(PATH, token).status_code for api in apis}

        assert (statuses(old), statuses(new)) == ({200}, {401})
        (tmp_path / "new.pem").write_text("half a key")
        (tmp_path / "new.pem").write_text(public)
        wait_until("the new key", lambda: statuses(old) == {200} and statuses(new) == {200}, 10)
        (tmp_path / "old").write_text("weak")
        (tmp_path / "newer").write_text(NEWER)
        wait_until("a still newer key", lambda: statuses(newer) == {200}, 10)
        assert statuses(old) == {200}  # an unfit file does not withdraw its key
        (tmp_path / "old").unlink()
        wait_until("the old key to be gone", lambda: statuses(old) == {401} and statuses(new) == {200}, 10)


def test_an_idle_token_ends_and_one_that_is_used_does_not(
    mongo: MongoServer, database: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.auth.last_use._PERIOD_SECONDS", 0.05)
    settings = api_settings(mongo, database).model_copy(update={"token_trust_seconds": 1.0})
    with serving(settings, clock := ManualClock(NOON)) as url:
        api = Api(settings, database, clock, url)
        with api.client:
            idle_and_used(api)


def idle_and_used(api: Api) -> None:
    """A token ends after an idle day, is valid again once another instance has written a use, and ends once more."""
    day = timedelta(days=1)
    noon = datetime.fromtimestamp(NOON / 1000, UTC)
    token = api.token(idle_seconds=86_400, expires_at=noon + 30 * day)
    assert api.get(PATH, token).status_code == 200
    # For a minute from now on this instance writes no use of the token.
    wait_until("the use to be written", lambda: uses_of(api.database).find_one({"last_used_at": noon}) is not None, 20)
    api.clock.now_ms += 86_400_000
    assert api.get(PATH, token).status_code == 401
    # Another instance saw it used and wrote that. This one reads a record whose end has come again, once trust is over.
    uses_of(api.database).update_one({}, {"$set": {"last_used_at": noon + day / 2}}, upsert=True)
    wait_until("the use to be seen", lambda: api.get(PATH, token).status_code == 200, 10)
    api.clock.now_ms += 43_200_000
    assert api.get(PATH, token).status_code == 401


def test_a_token_for_some_networks(mongo: MongoServer, database: Documents) -> None:
    alone = api_settings(mongo, database)
    proxied = alone.model_copy(update={"trusted_proxies": "127.0.0.1"})
    with instances(proxied, database, 1) as (behind,), instances(alone, database, 1) as (bare,):
        token = behind.token(networks=["192.0.2.0/24", "2001:db8::/32"])
        for address, status in (("192.0.2.7", 200), ("2001:db8::7", 200), ("198.51.100.1", 403), ("?", 403)):
            answer = behind.get(PATH, token, **{"X-Forwarded-For": address})
            assert answer.status_code == status, address
        assert answer.json()["message"] == "The token is not for use from this address"
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="product-analytics", error="insufficient_scope"'
        assert behind.get(PATH, token).status_code == 403
        # Without trusted proxies, the header is only what the client claims.
        assert bare.get(PATH, token, **{"X-Forwarded-For": "192.0.2.7"}).status_code == 403
        assert bare.get(PATH, bare.token(networks=["127.0.0.0/8"])).status_code == 200
