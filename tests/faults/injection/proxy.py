"""A TCP proxy before mongod, which cuts connections around a command, swallows replies, or falls silent."""

import asyncio
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal

from pymongo.uri_parser import parse_uri

from tests.faults.injection.wire import WireMessage, read_message

When = Literal["before", "after", "swallow"]
"""before: cut the connection before the server gets the command. after: cut it when the server's reply comes, so that
the command was executed and its client cannot know. swallow: keep the reply and let the client wait."""

POLL_SECONDS = 0.02
"""How often a silent connection looks whether it may speak, or its client has gone."""


@dataclass
class Rule:
    """What the proxy does to the next `remaining` commands of this name."""

    command: str
    when: When
    remaining: int


class Proxy:
    """Listens on a free port and connects to the server at `uri`. Its loop runs in a thread; call it from the test's.

    `faults` counts the cuts and swallowed replies so far.
    """

    def __init__(self, uri: str) -> None:
        self.faults = 0
        self.longest_wait_seconds = 0.0
        """The longest time that a client waited on a silent connection before it gave up."""
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
        """Connection string of the proxy; `directConnection` keeps clients from finding the server behind it."""
        port = self._server.sockets[0].getsockname()[1]
        return f"mongodb://127.0.0.1:{port}/?directConnection=true"

    def cut(self, command: str, when: When, times: int = 1) -> Rule:
        """Add a rule for the next `times` commands of this name. Returns it; `remaining` counts down."""
        rule = Rule(command, when, times)
        self._rules.append(rule)
        return rule

    def forget(self) -> None:
        """Drop all rules."""
        self._rules.clear()

    def silence(self, after: str = "") -> None:
        """Let nothing through, from now on or once the next command of this name has passed. Connections stay open."""
        self._silent_after = after
        self._silent = not after

    @property
    def silent(self) -> bool:
        """Whether nothing gets through at the moment."""
        return self._silent

    def speak(self) -> None:
        """End the silence: let through what waits and what comes."""
        self._silent, self._silent_after = False, ""

    def close(self) -> None:
        """Cut every connection and stop listening."""
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
        """Serve one client's connection: pump requests and replies until either side ends or a rule cuts it."""
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
            # `close` cancels this task; asyncio would log the CancelledError of a server's task.
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
        """Pass messages on. Returns when the connection is to be cut, or has ended."""
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
        """Pass messages on. Returns when the connection is to be cut, or has ended."""
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
        """Wait until the silence ends. False when the client gave up first."""
        began = time.monotonic()
        while self._silent:
            if client.at_eof():
                self.longest_wait_seconds = max(self.longest_wait_seconds, time.monotonic() - began)
                return False
            await asyncio.sleep(POLL_SECONDS)
        return True

    async def _until_left(self) -> None:
        """Wait until the client gives up: that ends the pump of its requests, and `_serve` then cancels this wait."""
        began = time.monotonic()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self.longest_wait_seconds = max(self.longest_wait_seconds, time.monotonic() - began)
