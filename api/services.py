"""What the routes stand on, put together once."""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Self

from api import background, metrics
from api.auth.access import Access
from api.auth.client_address import ClientAddresses
from api.auth.key_ring import KeyRing
from api.auth.keys import TokenKey, signing_key
from api.auth.last_use import TokenUse
from api.auth.records import TokenRecords
from api.auth.revocation import TokenWatch
from api.auth.tokens import TokenSigner, TokenVerifier
from api.reads.batching import BatchingReader
from api.reads.database import MongoReader
from api.reads.freshness import Freshness
from api.reads.ratings import Rating, RatingsReader
from api.reads.sales import Sales, SalesReader
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
    background: tuple[asyncio.Task[None], ...]

    @classmethod
    def start(cls, settings: ApiSettings, keys: KeyRing, clock: Clock) -> Self:
        """Call from the event loop. MongoDB is connected to on first use."""
        database = connect_async(settings, "product-analytics-api")
        deadline = settings.mongodb_timeout_ms / 1000

        def took(name: str, seconds: float) -> None:
            metrics.QUERIES.labels(name).observe(seconds)

        mongo = MongoReader(database, took)
        freshness = Freshness(mongo)
        sales = SalesReader(mongo, freshness, clock)
        ratings = RatingsReader(mongo, freshness)
        tokens = access_database(database)
        token_use = TokenUse(tokens, clock)
        records = TokenRecords(MongoReader(tokens, took), deadline, settings.token_trust_seconds)
        watch = TokenWatch(tokens, records, deadline)
        access = Access(
            token_verifier(keys.keys, settings), records, ClientAddresses(settings.proxies()), clock, token_use.note
        )

        def use_keys(changed: Mapping[str, TokenKey]) -> None:
            access.use_keys(token_verifier(changed, settings))

        async def all_sales(keys: object) -> dict[None, Sales]:
            return {None: await sales.of_all()}

        def observe(reader: str) -> Callable[[float], None]:
            return metrics.BATCHES.labels(reader).observe

        return cls(
            database=database,
            access=access,
            sales=BatchingReader(sales.of_products, limit=BATCH_KEYS, deadline=deadline, observe=observe("sales")),
            all_sales=BatchingReader(all_sales, limit=1, deadline=deadline),
            ratings=BatchingReader(
                ratings.of_products, limit=BATCH_KEYS, deadline=deadline, observe=observe("ratings")
            ),
            token_use=token_use,
            background=tuple(map(asyncio.create_task, (token_use.run(), watch.run(), keys.run(use_keys)))),
        )

    async def close(self) -> None:
        """Write what is left to write, close the connections."""
        await background.end(self.background)
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WRITE_SECONDS):
                await self.token_use.write()
        await self.database.client.close()


def token_signer(settings: ApiSettings) -> TokenSigner:
    """Raises ConfigurationError when no key can sign, or one is weak."""
    return TokenSigner(signing_key(settings), settings.token_issuer, settings.token_audience)


def token_verifier(keys: Mapping[str, TokenKey], settings: ApiSettings) -> TokenVerifier:
    """Proves the tokens of these keys."""
    return TokenVerifier(keys.values(), settings.token_issuer, settings.token_audience)
