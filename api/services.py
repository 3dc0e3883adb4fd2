"""The objects that routes read from. Each running application has one set of them, from its start to its end."""

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
from api.dashboard import Dashboard
from api.reads.batching import BatchingReader
from api.reads.database import MongoReader
from api.reads.freshness import Freshness
from api.reads.names.search import SearchReader
from api.reads.ratings import Rating, RatingsReader
from api.reads.sales import Sales, SalesReader
from api.reads.top.reader import TopReader
from shared.mongo import AsyncDatabase, access_database, connect_async
from shared.settings import ApiSettings

BATCH_KEYS: Final = 200
"""Products that one query may ask for. Half of it would take more queries only while over 100 products wait; twice as
many would make the first readers of a large batch wait longer for its answer."""
_LAST_WRITE_SECONDS: Final = 1.0
"""How long the end of the process may wait for the last write of token uses. With less, uses of the last five seconds
are more easily forgotten; with more, the process ends later while MongoDB is away."""

Clock = Callable[[], int]
"""A function that gives UTC milliseconds since 1970. Tests give their own."""


def system_clock() -> int:
    """The time of this machine's clock."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Services:
    """What checks and endpoints use. An endpoint reads by a `BatchingReader`, which lets requests share a query."""

    database: AsyncDatabase
    access: Access
    sales: BatchingReader[int, Sales | None]
    all_sales: BatchingReader[None, Sales]
    ratings: BatchingReader[int, Rating | None]
    dashboard: Dashboard
    tops: TopReader
    search: SearchReader
    token_use: TokenUse
    background: tuple[asyncio.Task[None], ...]

    @classmethod
    def start(cls, settings: ApiSettings, keys: KeyRing, clock: Clock) -> Self:
        """Make the services and start the background tasks. Call it in the event loop that serves the requests.

        Does not wait for MongoDB: the driver connects for the first query.
        """
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
            dashboard=Dashboard.of(mongo, freshness, clock, deadline),
            tops=TopReader.of(database, took, freshness, clock, deadline),
            search=SearchReader(mongo, freshness, deadline),
            token_use=token_use,
            background=tuple(map(asyncio.create_task, (token_use.run(), watch.run(), keys.run(use_keys)))),
        )

    async def close(self) -> None:
        """End the background tasks, write the token uses that are still noted, close the connections to MongoDB.

        Waits at most a second for that write. Call it when no request is in flight any more.
        """
        await background.end((*self.background, *self.tops.tasks()))
        with suppress(TimeoutError):
            async with asyncio.timeout(_LAST_WRITE_SECONDS):
                await self.token_use.write()
        await self.database.client.close()


def token_signer(settings: ApiSettings) -> TokenSigner:
    """What signs new tokens, by the key that `TOKEN_KEY_ID` names.

    Raises ConfigurationError when there is no such key, or a key of the settings is weak.
    """
    return TokenSigner(signing_key(settings), settings.token_issuer, settings.token_audience)


def token_verifier(keys: Mapping[str, TokenKey], settings: ApiSettings) -> TokenVerifier:
    """What accepts tokens that one of these keys signed, for the issuer and audience of the settings."""
    return TokenVerifier(keys.values(), settings.token_issuer, settings.token_audience)
