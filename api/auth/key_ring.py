"""Keys that come and go while the service runs: the folder of keys is read again, so that none needs a restart."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

from api.auth.keys import TokenKey, configured_keys, folder_keys, own_key
from shared import logs
from shared.settings import ApiSettings

log = logs.logger(__name__)

PERIOD_SECONDS: Final = 5.0


class KeyRing:
    """The keys that prove tokens. Raises ConfigurationError at first for any that is unfit.

    Later an unfit file is an error in the log and changes nothing: a key that it held before still counts. A file that
    is gone is a key withdrawn.
    """

    def __init__(self, settings: ApiSettings) -> None:
        self._settings = settings
        self._own = own_key(settings)
        self._keys = configured_keys(settings)
        self._unfit: dict[str, str] = {}

    @property
    def keys(self) -> Mapping[str, TokenKey]:
        """By `kid`."""
        return self._keys

    async def run(self, changed: Callable[[Mapping[str, TokenKey]], None]) -> None:
        """Read again until cancelled, and tell of every change."""
        while self._settings.token_keys_dir:
            await asyncio.sleep(PERIOD_SECONDS)
            keys = await asyncio.to_thread(self._read)
            if keys != self._keys:
                log.info("the keys of tokens changed", before=sorted(self._keys), now=sorted(keys))
                self._keys = keys
                changed(keys)

    def _read(self) -> dict[str, TokenKey]:
        keys, unfit = folder_keys(self._settings.token_keys_dir)
        if unfit and unfit != self._unfit:
            log.error("a key cannot be used, what was there before still counts", reasons=list(unfit.values()))
        self._unfit = unfit
        kept = {key_id: key for key_id, key in self._keys.items() if key_id in unfit or "" in unfit}
        own = {} if self._own is None else {self._own.key_id: self._own}
        return {**kept, **keys, **own}
