"""Which keys an instance keeps when its folder of keys changes while it runs."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr

from api.auth import key_ring
from api.auth.key_ring import KeyRing
from api.auth.keys import TokenKey, folder_keys
from shared.settings import ApiSettings
from tests.support.api.running import KEY

OTHER = "Zr8_qLw0Xn5vKc3TgYb7MpHs2DjUe9FaRi4oV6tQxB1"


def keys_after(folder: Path, monkeypatch: pytest.MonkeyPatch, happens: str) -> list[set[str]]:
    """Start with the keys `main` (of the settings) and `other`, let something happen to the folder, read it twice.

    Returns the names of all keys, for each change that the ring reported; the last are those it has in the end.
    """
    (folder / "other").write_text(OTHER)
    settings = ApiSettings(token_signing_key=SecretStr(KEY), token_keys_dir=str(folder))
    ring = KeyRing(settings)
    if happens == "it is gone":
        folder.rename(folder.with_name("elsewhere"))
    elif happens == "it holds too much":
        for number in range(40):
            (folder / f"more-{number}").write_text("x")
    elif happens == "a key is withdrawn":
        (folder / "other").unlink()
    changes: list[set[str]] = []
    monkeypatch.setattr(key_ring, "PERIOD_SECONDS", 0.001)

    async def scenario() -> None:
        read = asyncio.Semaphore(0)
        loop = asyncio.get_running_loop()

        def reading(name: str) -> tuple[dict[str, TokenKey], dict[str, str]]:
            loop.call_soon_threadsafe(read.release)
            return folder_keys(name)

        def changed(keys: Mapping[str, TokenKey]) -> None:
            changes.append(set(keys))

        monkeypatch.setattr(key_ring, "folder_keys", reading)
        running = asyncio.create_task(ring.run(changed))
        for _ in range(3):  # when the third reading has begun, what the second found counts
            await asyncio.wait_for(read.acquire(), 5)
        running.cancel()

    asyncio.run(scenario())
    return [*changes, set(ring.keys)]


@pytest.mark.parametrize("happens", ["nothing", "it is gone", "it holds too much"])
def test_a_folder_that_cannot_be_used_withdraws_no_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, happens: str
) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    assert keys_after(folder, monkeypatch, happens) == [{"main", "other"}]


def test_a_file_that_is_gone_withdraws_its_key_and_the_settings_key_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "keys"
    folder.mkdir()
    assert keys_after(folder, monkeypatch, "a key is withdrawn") == [{"main"}, {"main"}]
