"""The seconds of products' cut minutes, from the raw events."""

from collections.abc import Mapping
from typing import Final

from cachetools import LRUCache

from api.reads.database import MongoReader
from api.reads.spans.pipelines import seconds_of
from api.reads.sums import Sums, sums_of

_KEPT: Final = 5_000
"""Minutes of a product that an instance remembers; a minute with a sale in each second takes 10 kB, so these take up to
50 MB and mostly a tenth of it. A minute is of use for 60 seconds, while a window's border crosses it. With half as
many, 2,500 products can be asked for in each minute before raw events are read again."""

ProductMinute = tuple[int, int]
"""A product, and a minute since 1970."""
Seconds = Mapping[int, Sums]
"""The sums of each second, 0 to 59, that has events."""


class CutMinutes:
    """Reads minutes second by second, and remembers them.

    Raw events are only ever added to, so what was read serves as long as the rollups count the same number of events in
    the minute. That also makes it of the moment at which they were counted.
    """

    def __init__(self) -> None:
        self._kept: LRUCache[ProductMinute, tuple[int, Seconds]] = LRUCache(_KEPT)

    async def read(self, mongo: MongoReader, counts: Mapping[ProductMinute, int]) -> dict[ProductMinute, Seconds]:
        """The seconds of these minutes; `counts` is how many events the rollups have of each, at least one.

        Raises DatabaseUnavailable.
        """
        found: dict[ProductMinute, Seconds] = {}
        for key, count in counts.items():
            kept = self._kept.get(key)
            if kept is not None and kept[0] == count:
                found[key] = kept[1]
        needed = [key for key in counts if key not in found]
        if needed:
            found |= await self._read(mongo, needed)
        for key in needed:
            self._kept[key] = counts[key], found[key]
        return found

    async def _read(self, mongo: MongoReader, needed: list[ProductMinute]) -> dict[ProductMinute, Seconds]:
        seconds: dict[ProductMinute, dict[int, Sums]] = {key: {} for key in needed}
        for row in await mongo.aggregate("cut minutes", *seconds_of(needed)):
            product, second = row["_id"]["p"], row["_id"]["s"]
            seconds[product, second // 60][second % 60] = sums_of(row)
        return dict(seconds)
