"""How long an instance trusts a record: until the change stream reports a change, and never past the token's end."""

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo.asynchronous.change_stream import AsyncChangeStream
from pymongo.errors import OperationFailure, PyMongoError

from api import background
from api.auth.access import Access, WrongAddress, record_id
from api.auth.client_address import ClientAddresses
from api.auth.keys import configured_keys
from api.auth.records import Caller, TokenRecords
from api.auth.revocation import TokenWatch
from api.auth.tokens import InvalidToken, TokenClaims, TokenVerifier
from api.reads.database import MongoReader
from api.services import system_clock
from shared.mongo import access_database, connect_async
from shared.settings import ApiSettings
from stack.waiting import wait_until
from tests.support.api.running import Api, uses_of
from tests.support.servers.interface import MongoServer

FOR_EVER = 1e6


class Watched:
    """Records that are trusted for ever, so that only the change stream can make them be read again.

    With a shorter `trust`, it is the other way round: only the change stream can keep them.
    """

    def __init__(self, settings: ApiSettings, trust: float = FOR_EVER) -> None:
        self.database = access_database(connect_async(settings, "test"))
        self.records = TokenRecords(MongoReader(self.database), 5, trust)
        self.watch = TokenWatch(self.database, self.records, 1)

    def kept(self, token: str) -> Caller | str | None:
        """The caller by the kept record (None: no valid record); "unknown" when the record would be read again."""
        kept = self.records.kept(token, system_clock() / 1000)
        return "unknown" if kept is None else kept.caller

    async def watching(self) -> None:
        """Wait until the stream reports every change from this moment on."""
        now = time.monotonic()

        def reported() -> bool:
            since, until = self.records.watched
            return until > max(since, now)

        await asyncio.to_thread(wait_until, "the watch", reported, 20)

    async def confirmed(self, after: float) -> None:
        """Wait until the stream has confirmed that nothing changed up to a moment after this one."""
        await asyncio.to_thread(wait_until, "a confirmation", lambda: self.records.watched[1] > after, 20)

    async def until(self, token: str, wanted: Any) -> None:
        """Wait until `kept` returns `wanted`."""
        await asyncio.to_thread(wait_until, "the record to be kept or dropped", lambda: self.kept(token) == wanted, 20)


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
            # The stream reports changes in order: once it reports a later one, it would have reported the use.
            await watched.records.read(other := record_id("other"))
            assert watched.kept(other) is None
            await asyncio.to_thread(api.tokens.insert_one, record | {"_id": other})
            await watched.until(other, "unknown")
            assert watched.kept(token) == Caller.of(record)
        await background.end([running])
        await watched.database.client.close()

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
        await background.end([running])
        await watched.database.client.close()

    asyncio.run(scenario())


TRUST = 3.0
"""As by default. The stream's last confirmation is less than this old, so what it confirms is kept."""


def test_a_revocation_while_no_stream_was_open_is_seen(api: Api) -> None:
    """A stream confirms only what was read since it began: the revocation came before, and it reports nothing."""
    api.token(expires_at=datetime.now(UTC) + timedelta(days=1))
    (record,) = api.tokens.find()
    token = record["_id"]

    async def scenario() -> None:
        watched = Watched(api.settings, TRUST)
        first = asyncio.create_task(watched.watch.run())
        await watched.watching()
        assert await watched.records.read(token) == Caller.of(record)
        read_at = time.monotonic()
        await background.end([first])
        await asyncio.to_thread(CHANGES["revoke"], api, token)
        second = asyncio.create_task(watched.watch.run())
        await watched.confirmed(read_at + TRUST)
        assert watched.kept(token) == "unknown"
        assert await watched.records.read(token) is None
        await background.end([second])
        await watched.database.client.close()

    asyncio.run(scenario())


def test_a_record_is_kept_for_as_long_as_the_stream_confirms_it_and_no_longer(api: Api) -> None:
    api.token(expires_at=datetime.now(UTC) + timedelta(days=1))
    (record,) = api.tokens.find()
    token = record["_id"]

    async def scenario() -> None:
        watched = Watched(api.settings, TRUST)
        running = asyncio.create_task(watched.watch.run())
        await watched.watching()
        await watched.records.read(token)
        await watched.confirmed(time.monotonic() + TRUST)
        assert watched.kept(token) == Caller.of(record)
        # At its end it is read again: a use on another instance, which no stream reports, may have put the end off.
        assert watched.records.kept(token, Caller.of(record).ends_at) is None
        await background.end([running])
        # Nothing confirms it any more.
        await watched.until(token, "unknown")
        await watched.database.client.close()

    asyncio.run(scenario())


@pytest.mark.parametrize("end", ["drop", "rename", "step down"])
def test_the_watch_goes_on_whatever_ends_its_stream(api: Api, end: str) -> None:
    """After a drop and a rename MongoDB ends the stream itself; when the primary steps down, the driver goes on."""
    api.token(expires_at=datetime.now(UTC) + timedelta(days=1))
    (record,) = api.tokens.find()
    token = record["_id"]

    def end_it() -> None:
        if end == "drop":
            api.tokens.drop()
        elif end == "rename":
            api.tokens.rename(f"{api.tokens.name}_before", dropTarget=True)
        else:
            with suppress(PyMongoError):
                api.database.client.admin.command("replSetStepDown", 1, force=True)

    async def scenario() -> None:
        watched = Watched(api.settings)
        running = asyncio.create_task(watched.watch.run())
        await watched.watching()
        await watched.records.read(token)
        await asyncio.to_thread(end_it)
        if end != "step down":
            await watched.until(token, "unknown")
            await asyncio.to_thread(api.tokens.insert_one, record)
        await watched.watching()
        assert await watched.records.read(token) == Caller.of(record)
        await asyncio.to_thread(CHANGES["revoke"], api, token)
        await watched.until(token, "unknown")
        assert await watched.records.read(token) is None
        await background.end([running])
        await watched.database.client.close()

    asyncio.run(scenario())


def test_a_stream_whose_place_is_lost_is_opened_anew(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver cannot go on where the stream was, so changes may have been missed."""
    api.token(expires_at=datetime.now(UTC) + timedelta(days=1))
    (record,) = api.tokens.find()
    token = record["_id"]
    lost = 0
    try_next = AsyncChangeStream.try_next

    async def losing(stream: Any) -> Any:
        nonlocal lost
        lost += 1
        if lost in (3, 4):
            raise OperationFailure("the resume point may no longer be in the oplog", 286)
        return await try_next(stream)

    async def scenario() -> None:
        watched = Watched(api.settings, TRUST)
        running = asyncio.create_task(watched.watch.run())
        await watched.watching()
        await watched.records.read(token)
        read_at = time.monotonic()
        monkeypatch.setattr(AsyncChangeStream, "try_next", losing)
        await asyncio.to_thread(wait_until, "two breaks", lambda: lost > 5, 20)
        # What was read before the breaks is confirmed no more, and what is read now is.
        await watched.confirmed(read_at + TRUST)
        assert watched.kept(token) == "unknown"
        await watched.watching()
        await watched.records.read(token)
        await watched.confirmed(time.monotonic() + TRUST)
        assert watched.kept(token) == Caller.of(record)
        await background.end([running])
        await watched.database.client.close()

    asyncio.run(scenario())


def test_an_answer_that_a_change_overtook_is_not_believed(api: Api) -> None:
    """MongoDB reads the record, the stream reports a change of it, and only then does the answer arrive."""
    api.token()
    (record,) = api.tokens.find()

    async def scenario() -> None:
        watched = Watched(api.settings)
        reading = asyncio.create_task(watched.records.read(record["_id"]))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        watched.records.changed(record["_id"])
        assert await reading == Caller.of(record)
        assert watched.kept(record["_id"]) == "unknown"
        await watched.database.client.close()

    asyncio.run(scenario())


def test_only_a_token_that_was_accepted_counts_as_used(api: Api) -> None:
    """A thief who tries it from elsewhere does not put its idle end off."""
    verifier = TokenVerifier(configured_keys(api.settings).values(), "product-analytics", "product-analytics-api")
    elsewhere, revoked, good = (
        api.token(networks=["192.0.2.0/24"]),
        api.token(revoked_at=datetime.now(UTC)),
        api.token(),
    )
    scope: dict[str, Any] = {"client": ("127.0.0.1", 1), "headers": []}
    used: list[str] = []

    async def scenario() -> str:
        watched = Watched(api.settings)
        access = Access(verifier, watched.records, ClientAddresses([]), api.clock, used.append)
        with pytest.raises(WrongAddress):
            await access.caller(elsewhere, scope)
        with pytest.raises(InvalidToken):
            await access.caller(revoked, scope)
        caller = await access.caller(good, scope)
        await watched.database.client.close()
        return caller.token

    accepted = asyncio.run(scenario())
    assert used == [accepted]


class Counting(TokenVerifier):
    """Counts the signatures that it checks."""

    checked = 0

    def verify(self, token: str, now: float) -> TokenClaims:
        self.checked += 1
        return super().verify(token, now)


@pytest.mark.parametrize("end", ["revocation", "expiry", "its own expiry"])
def test_a_token_seen_before_costs_no_signature_and_is_forgotten_when_it_ends(api: Api, end: str) -> None:
    token = api.token()
    if end == "its own expiry":
        api.tokens.update_one({}, {"$set": {"expires_at": datetime(2100, 1, 1, tzinfo=UTC)}})
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
        await watched.database.client.close()

    asyncio.run(scenario())
