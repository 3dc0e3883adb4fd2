"""What the routes stand on, put together once."""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Self

from api import metrics
from api.access import Access
from api.batching import BatchingReader
from api.freshness import Freshness
from api.keys import SigningKey
from api.ratings import Rating, RatingsReader
from api.sales import Sales, SalesReader
from api.store import Store
from api.token_use import TokenUse
from api.tokens import TokenSigner
from shared.mongo import AsyncDatabase, access_database, connect_async
from shared.settings import ApiSettings

BATCH_KEYS: Final = 200
_LAST_WRITE_SECONDS: Final = 1.0

Clock = Callable[[], int]
"""UTC milliseconds since 1970."""


def system_clock() -> int:
    """This machine's clock."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Services:
    """One set for each running application."""

    database: AsyncDatabase
    access: Access
    sales: BatchingReader[int, Sales | None]
    all_sales: BatchingReader[None, Sales]
    ratings: BatchingReader[int, Rating | None]
    token_use: TokenUse
    writing_token_use: asyncio.Task[None]

    @classmethod
    def start(cls, settings: ApiSettings, signer: TokenSigner, clock: Clock) -> Self:
        """Call from the event loop. MongoDB is connected to on first use."""
        database = connect_async(settings, "product-analytics-api")
        deadline = settings.mongodb_timeout_ms / 1000

        def took(name: str, seconds: float) -> None:
            metrics.QUERIES.labels(name).observe(seconds)

        store = Store(database, took)
        freshness = Freshness(store)
        sales = SalesReader(store, freshness, clock)
        ratings = RatingsReader(store, freshness)
        access = access_database(database)
        token_use = TokenUse(access)

        async def all_sales(keys: object) -> dict[None, Sales]:
            return {None: await sales.of_all()}

        def observe(reader: str) -> Callable[[float], None]:
            return metrics.BATCHES.labels(reader).observe

        return cls(
            database=database,
            access=Access(signer, Store(access, took), clock, deadline, token_use.note),
            sales=BatchingReader(sales.of_products, limit=BATCH_KEYS, deadline=deadline, observe=observe("sales")),
            all_sales=BatchingReader(all_sales, limit=1, deadline=deadline),
            ratings=BatchingReader(
                ratings.of_products, limit=BATCH_KEYS, deadline=deadline, observe=observe("ratings")
            ),
            token_use=token_use,
            writing_token_use=asyncio.get_running_loop().create_task(token_use.run()),
        )

    async def close(self) -> None:
        """Write what is left to write, close the connections."""
        self.writing_token_use.cancel()
        with suppress(asyncio.CancelledError):
            await self.writing_token_use
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WRITE_SECONDS):
                await self.token_use.write()
        self.database.client.close()


def token_signer(settings: ApiSettings) -> TokenSigner:
    """Raises ConfigurationError for a weak key."""
    return TokenSigner(SigningKey.from_settings(settings), settings.token_issuer, settings.token_audience)
