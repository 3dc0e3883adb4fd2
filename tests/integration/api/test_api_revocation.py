"""Revocations, rotations and idle tokens on real instances, with the change stream and with it cut."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from motor.motor_asyncio import AsyncIOMotorCollection
from pydantic import SecretStr
from pymongo.errors import OperationFailure

from api.access import Access, digest
from api.client_address import ClientAddresses
from api.keys import configured_keys
from api.services import system_clock
from api.store import Store
from api.token_records import Caller, TokenRecords
from api.token_watch import TokenWatch
from api.tokens import Claims, InvalidToken, TokenVerifier
from shared.mongo import access_database, connect_async
from shared.settings import ApiSettings
from stack.waiting import wait_until
from tests.integration.api.conftest import NOON, api_settings
from tests.support.api import Api, Clock, RunningClock, serving, uses_of
from tests.support.history import Documents
from tests.support.keys import pem_pair
from tests.support.servers import MongoServer

PATH = "/api/product/sale"
FOR_EVER = 1e6
NEWER = "Zr8_qLw0Xn5vKc3TgYb7MpHs2DjUe9FaRi4oV6tQxB1"


@contextmanager
def instances(settings: ApiSettings, database: Documents, count: int) -> Iterator[list[Api]]:
    """So many instances on one database, by this machine's clock."""
    clock = RunningClock()
    with ExitStack() as stack:
        urls = [stack.enter_context(serving(settings, clock)) for _ in range(count)]
        apis = [Api(settings, database, clock, url) for url in urls]
        for api in apis:
            stack.enter_context(api.client)
        yield apis


def revoke_and_measure(apis: list[Api], revoke: Any) -> float:
    """Seconds from `revoke` until every instance refuses a token that all took."""
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
    def cut(*arguments: Any, **options: Any) -> None:
        raise OperationFailure("not authorized to execute this command", 13)

    monkeypatch.setattr(AsyncIOMotorCollection, "watch", cut)
    with instances(settings, database, 2) as apis:
        revoked = {"$set": {"revoked_at": datetime.now(UTC)}}
        assert revoke_and_measure(apis, lambda: apis[0].tokens.update_many({}, revoked)) < 5


class Watched:
    """Records that are believed for ever, so that only the change stream can change what is believed."""

    def __init__(self, settings: ApiSettings) -> None:
        self.database = access_database(connect_async(settings, "test"))
        self.records = TokenRecords(Store(self.database), 5, FOR_EVER)
        self.watch = TokenWatch(self.database, self.records, 1)

    def believed(self, token: str) -> Caller | str | None:
        """The caller as it is believed without asking; a text when it would be asked for."""
        believed = self.records.believed(token, system_clock() / 1000)
        return "unknown" if believed is None else believed.caller

    async def watching(self) -> None:
        """Wait until every change from this moment on is told."""
        now = time.monotonic()

        def told() -> bool:
            since, until = self.records.watched
            return until > max(since, now)

        await asyncio.to_thread(wait_until, "the watch", told, 20)

    async def until(self, token: str, wanted: Any) -> None:
        """Wait until that is believed."""
        await asyncio.to_thread(wait_until, "that to be believed", lambda: self.believed(token) == wanted, 20)


@pytest.mark.parametrize("change", ["revoke", "delete", "drop", "use"])
def test_the_stream_tells_of_every_change_but_uses(api: Api, change: str) -> None:
    api.token(expires_at=datetime.now(UTC) + timedelta(days=1))
    (record,) = api.tokens.find()
    token = record["_id"]

    async def scenario() -> None:
        watched = Watched(api.settings)
        running = asyncio.create_task(watched.watch.run())
        await watched.watching()
        assert await watched.records.read(token) == Caller.of(record)
        await asyncio.to_thread(CHANGES[change], api, token)
        await watched.until(token, "unknown" if change != "use" else Caller.of(record))
        if change == "use":
            # Another change, which is told after it, shows that the use would have been told by now.
            await watched.records.read(other := digest("other"))
            assert watched.believed(other) is None
            await asyncio.to_thread(api.tokens.insert_one, record | {"_id": other})
            await watched.until(other, "unknown")
            assert watched.believed(token) == Caller.of(record)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        watched.database.client.close()

    asyncio.run(scenario())


CHANGES: dict[str, Any] = {
    "revoke": lambda api, token: api.tokens.update_one({}, {"$set": {"revoked_at": datetime.now(UTC)}}),
    "delete": lambda api, token: api.tokens.delete_one({"_id": token}),
    "drop": lambda api, token: api.tokens.drop(),
    "use": lambda api, token: uses_of(api.database).insert_one({"_id": token, "last_used_at": datetime.now(UTC)}),
}


def test_the_stream_goes_on_after_an_outage(api: Api, mongo: MongoServer) -> None:
    api.token(expires_at=datetime.now(UTC) + timedelta(days=1))
    (record,) = api.tokens.find()

    async def scenario() -> None:
        watched = Watched(api.settings)
        running = asyncio.create_task(watched.watch.run())
        await watched.watching()
        mongo.kill()
        mongo.start()
        await watched.watching()
        assert await watched.records.read(record["_id"]) == Caller.of(record)
        await asyncio.to_thread(CHANGES["revoke"], api, record["_id"])
        await watched.until(record["_id"], "unknown")
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        watched.database.client.close()

    asyncio.run(scenario())


def test_an_answer_that_a_change_overtook_is_not_believed(api: Api) -> None:
    """The record is read, then changed and told of, and only then does the answer arrive."""
    api.token()
    (record,) = api.tokens.find()

    async def scenario() -> None:
        watched = Watched(api.settings)
        reading = asyncio.create_task(watched.records.read(record["_id"]))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        watched.records.changed(record["_id"])
        assert await reading == Caller.of(record)
        assert watched.believed(record["_id"]) == "unknown"
        watched.database.client.close()

    asyncio.run(scenario())


class Counting(TokenVerifier):
    """Counts the signatures that it checks."""

    checked = 0

    def verify(self, token: str, now: float) -> Claims:
        self.checked += 1
        return super().verify(token, now)


@pytest.mark.parametrize("end", ["revocation", "expiry"])
def test_a_token_seen_before_costs_no_signature_and_is_forgotten_when_it_ends(api: Api, end: str) -> None:
    token = api.token()
    verifier = Counting(configured_keys(api.settings).values(), "product-analytics", "product-analytics-api")
    scope: dict[str, Any] = {"client": None, "headers": []}

    async def scenario() -> None:
        watched = Watched(api.settings)
        access = Access(verifier, watched.records, ClientAddresses([]), api.clock, lambda token: None)
        first, again = [await access.caller(token, scope) for _ in range(2)]
        assert (first, verifier.checked) == (again, 1)
        if end == "revocation":
            api.tokens.update_one({}, {"$set": {"revoked_at": datetime.now(UTC)}})
            watched.records.changed(first.token)
        else:
            api.clock.now_ms += 3 * 3_600_000
        for checked in (1, 2):
            with pytest.raises(InvalidToken):
                await access.caller(token, scope)
            assert verifier.checked == checked
        watched.database.client.close()

    asyncio.run(scenario())


def test_it_fails_closed_in_the_time_that_is_set(mongo: MongoServer, database: Documents) -> None:
    settings = api_settings(mongo, database).model_copy(update={"token_trust_seconds": 1.0})
    with instances(settings, database, 1) as (api,):
        token = api.token()
        path = f"{PATH}/not-an-id"  # needs no data, so that the token alone decides
        assert api.get(path, token).status_code == 404
        mongo.freeze()
        frozen_at = time.monotonic()
        wait_until("the token to be believed no longer", lambda: api.get(path, token).status_code == 503, 10)
        # A second of trust, a second for MongoDB's answer, and what a busy machine needs.
        assert time.monotonic() - frozen_at < 4
        mongo.thaw()
        wait_until("the token to be believed again", lambda: api.get(path, token).status_code == 404, 15)


def test_keys_are_rotated_without_a_restart(
    mongo: MongoServer, database: Documents, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.key_ring.PERIOD_SECONDS", 0.05)
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
        assert statuses(old) == {200}  # a file that was spoilt is no key withdrawn
        (tmp_path / "old").unlink()
        wait_until("the old key to be gone", lambda: statuses(old) == {401} and statuses(new) == {200}, 10)


def test_an_idle_token_ends_and_one_that_is_used_does_not(
    mongo: MongoServer, database: Documents, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.token_use._PERIOD_SECONDS", 0.05)
    settings = api_settings(mongo, database).model_copy(update={"token_trust_seconds": 1.0})
    with serving(settings, clock := Clock(NOON)) as url:
        api = Api(settings, database, clock, url)
        with api.client:
            idle_and_used(api)


def idle_and_used(api: Api) -> None:
    """Lets a token lie idle for a day, then has it used elsewhere."""
    day = timedelta(days=1)
    noon = datetime.fromtimestamp(NOON / 1000, UTC)
    token = api.token(idle_seconds=86_400, expires_at=noon + 30 * day)
    assert api.get(PATH, token).status_code == 200
    # From then on this instance writes none for a minute.
    wait_until("the use to be written", lambda: uses_of(api.database).find_one({"last_used_at": noon}) is not None, 20)
    api.clock.now_ms += 86_400_000
    assert api.get(PATH, token).status_code == 401
    # Used on another instance, which wrote so: it is read again within the time that records are believed.
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
        # Where no proxy is known, the header is a client's own claim.
        assert bare.get(PATH, token, **{"X-Forwarded-For": "192.0.2.7"}).status_code == 403
        assert bare.get(PATH, bare.token(networks=["127.0.0.0/8"])).status_code == 200
