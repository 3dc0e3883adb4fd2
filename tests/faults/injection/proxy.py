"""A TCP proxy before mongod that cuts connections before or after a command, swallows replies, or falls silent."""

import asyncio
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from pymongo.uri_parser import parse_uri

from tests.faults.injection.wire import WireMessage, read_message

When = Literal["before", "after", "swallow"]
"""Cut before the server gets the command; cut when its reply comes; keep the reply and let the client wait."""

POLL_SECONDS = 0.02


@dataclass
class Rule:
    """What happens to the next `remaining` commands of this name."""

    command: str
    when: When
    remaining: int


class Proxy:
    """Before the server at `uri`, on a port of its own; used from the test's thread.

    `faults` counts what has happened.
    """

    def __init__(self, uri: str) -> None:
        self.faults = 0
        self.longest_wait_seconds = 0.0
        """Longest time that a client left a silent connection open."""
        ((_, self._server_port),) = parse_uri(uri)["nodelist"]
        self._rules: list[Rule] = []
        self._silent = False
        self._silent_after = ""
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self._server = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop
        ).result(10)

    @property
    def uri(self) -> str:
        """Connection string of the server behind the proxy; clients do not look for other members."""
        port = self._server.sockets[0].getsockname()[1]
        return f"mongodb://127.0.0.1:{port}/?directConnection=true"

    def cut(self, command: str, when: When, times: int = 1) -> Rule:
        """Do that to the next `times` commands of this name; the rule tells how many are left."""
        rule = Rule(command, when, times)
        self._rules.append(rule)
        return rule

    def forget(self) -> None:
        """No more cuts."""
        self._rules.clear()

    def silence(self, after: str = "") -> None:
        """From now on, or from the next command of this name on, nothing gets through; connections stay open."""
        self._silent_after = after
        self._silent = not after

    @property
    def silent(self) -> bool:
        """Whether nothing gets through."""
        return self._silent

    def speak(self) -> None:
        """Let through what waits, and everything that comes."""
        self._silent, self._silent_after = False, ""

    def close(self) -> None:
        """Cut every connection and listen no more."""
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        self._server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        try:
            server, to_server = await asyncio.open_connection("127.0.0.1", self._server_port)
        except OSError:
            to_client.close()
            return
        cut: dict[int, When] = {}
        pumps = [
            asyncio.create_task(self._requests(client, to_server, cut)),
            asyncio.create_task(self._replies(server, to_client, client, cut)),
        ]
        try:
            # Cancelled at the end; asyncio would log a server's task that says so.
            with suppress(asyncio.CancelledError):
                await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            to_server.close()
            to_client.close()

    async def _requests(
        self, client: asyncio.StreamReader, to_server: asyncio.StreamWriter, cut: dict[int, When]
    ) -> None:
        """Returns when the connection is to be cut."""
        with suppress(asyncio.IncompleteReadError, OSError):
            while True:
                message = await read_message(client)
                when = self._rule(message)
                if when == "before":
                    self.faults += 1
                    return
                if when:
                    cut[message.request_id] = when
                if not await self._may_pass(client):
                    return
                to_server.write(message.data)
                await to_server.drain()
                if message.command and message.command == self._silent_after:
                    self._silent, self._silent_after = True, ""

    async def _replies(
        self,
        server: asyncio.StreamReader,
        to_client: asyncio.StreamWriter,
        client: asyncio.StreamReader,
        cut: dict[int, When],
    ) -> None:
        """Returns when the connection is to be cut."""
        with suppress(asyncio.IncompleteReadError, OSError):
            while True:
                message = await read_message(server)
                when = cut.pop(message.response_to, None)
                if when:
                    self.faults += 1
                if when == "after":
                    return
                if when == "swallow":
                    await self._until_left()
                if not await self._may_pass(client):
                    return
                to_client.write(message.data)
                await to_client.drain()

    def _rule(self, message: WireMessage) -> When | None:
        for rule in self._rules:
            if rule.remaining and message.command == rule.command:
                rule.remaining -= 1
                return rule.when
        return None

    async def _may_pass(self, client: asyncio.StreamReader) -> bool:
        """Wait out a silence. False when the client gave up first."""
        began = time.monotonic()
        while self._silent:
            if client.at_eof():
                self.longest_wait_seconds = max(self.longest_wait_seconds, time.monotonic() - began)
                return False
            await asyncio.sleep(POLL_SECONDS)
        return True

    async def _until_left(self) -> None:
        """Cancelled when the client gives up, which ends the pump of its requests."""
        began = time.monotonic()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.longest_wait_seconds = max(self.longest_wait_seconds, time.monotonic() - began)
