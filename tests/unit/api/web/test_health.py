"""How often an instance asks MongoDB whether it is ready."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from api.web.health import Health

DATABASE: Any = object()


def test_many_who_ask_share_one_question_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now, verdicts = [0.0], iter(["MongoDB does not answer", None])
    asked = 0
    health = Health(lambda: 0)

    async def check(database: object) -> str | None:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        return next(verdicts)

    monkeypatch.setattr(health, "_check", check)
    monkeypatch.setattr("api.web.health.time", SimpleNamespace(monotonic=lambda: now[0]))

    async def answers() -> set[str | None]:
        return set(await asyncio.gather(*(health.unreadiness(DATABASE) for _ in range(5))))

    with asyncio.Runner() as runner:
        assert runner.run(answers()) == {"MongoDB does not answer"}
        now[0] = 0.9
        assert runner.run(answers()) == {"MongoDB does not answer"}
        assert asked == 1
        now[0] = 1.0
        assert runner.run(answers()) == {None}
        assert asked == 2
        health.drain()
        assert runner.run(answers()) == {"this instance is ending"}
        assert asked == 2


class Silent:
    """A MongoDB that never answers."""

    async def command(self, name: str) -> None:
        await asyncio.Event().wait()


def test_a_silent_mongodb_makes_it_unready_before_the_deadline_of_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.web.health._PING_SECONDS", 0.01)
    silent: Any = Silent()
    asked = Health(lambda: 0).unreadiness(silent)
    assert asyncio.run(asyncio.wait_for(asked, 5)) == "MongoDB does not answer"
