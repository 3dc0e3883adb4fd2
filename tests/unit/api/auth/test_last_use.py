"""A last use that cannot be written: logged, and forgotten."""

import asyncio

from pydantic import SecretStr
from structlog.testing import capture_logs

from api.auth.last_use import TokenUse
from shared.mongo import connect_async
from shared.settings import ApiSettings
from stack import ports
from tests.support.api.running import KEY, collect_sockets


def test_a_use_that_cannot_be_written_is_logged_and_forgotten() -> None:
    (nobody_listens,) = ports.pick(1)
    settings = ApiSettings(
        token_signing_key=SecretStr(KEY),
        mongodb_uri=SecretStr(f"mongodb://127.0.0.1:{nobody_listens}"),
        mongodb_timeout_ms=100,
    )

    async def note_and_write_twice() -> None:
        database = connect_async(settings, "test")
        uses = TokenUse(database, lambda: 1_796_032_728_954)
        uses.note("token")
        await uses.write()
        await uses.write()
        await database.client.close()

    with capture_logs() as logged:
        asyncio.run(note_and_write_twice())
        collect_sockets()
    assert [(entry["event"], entry["tokens"]) for entry in logged] == [("the last use of tokens was not written", 1)]
