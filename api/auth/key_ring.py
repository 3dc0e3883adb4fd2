"""Reads the folder of keys again while the service runs, so that adding or withdrawing a key needs no restart."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from api.auth.keys import TokenKey, configured_keys, folder_keys, own_key
from shared import logs
from shared.settings import ApiSettings

log = logs.logger(__name__)

PERIOD_SECONDS: Final = 5.0
"""How often the folder is read: a withdrawn key proves tokens for that long at the most, the time that a revocation may
take. Half the time would read up to 32 files twice as often; twice the time would break the promise of five seconds."""


class KeyRing:
    """The keys that prove tokens. The constructor raises ConfigurationError when any of them is unfit.

    Later an unfit file is logged as an error and changes nothing: the key that the file held before still counts. Only
    a file that is gone withdraws its key.
    """

    def __init__(self, settings: ApiSettings) -> None:
        self._settings = settings
        self._own = own_key(settings)
        self._keys = configured_keys(settings)
        self._unfit: dict[str, str] = {}
        """What was wrong at the last reading, so that it is logged once."""

    @property
    def keys(self) -> Mapping[str, TokenKey]:
        """The keys by `kid`."""
        return self._keys

    async def run(self, changed: Callable[[Mapping[str, TokenKey]], None]) -> None:
        """Read the folder every 5 seconds until cancelled, and call `changed` with all keys when they have changed.

        Returns at once when there is no folder. Files are read in another thread; `changed` is called on the event
        loop.
        """
        while self._settings.token_keys_dir:
            await asyncio.sleep(PERIOD_SECONDS)
            keys = await asyncio.to_thread(self._read)
            if keys != self._keys:
                log.info("the keys of tokens changed", before=sorted(self._keys), now=sorted(keys))
                self._keys = keys
                changed(keys)

    def _read(self) -> dict[str, TokenKey]:
        """The keys as they are now: those of unfit files as before, those of the folder, TOKEN_SIGNING_KEY."""
        keys, unfit = folder_keys(self._settings.token_keys_dir)
        if unfit and unfit != self._unfit:
            log.error("a key cannot be used; what its file held before still counts", reasons=list(unfit.values()))
        self._unfit = unfit
        # The empty text stands for the whole folder: then every key stays.
        kept = {key_id: key for key_id, key in self._keys.items() if key_id in unfit or "" in unfit}
        own = {} if self._own is None else {self._own.key_id: self._own}
        return {**kept, **keys, **own}
