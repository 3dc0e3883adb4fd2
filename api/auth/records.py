"""Records of `api_tokens`: what the bearer of a token may do, and how long a record that was read is believed."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_network
from typing import Final, Self

from cachetools import LRUCache

from api.auth.client_address import Address, Network
from api.reads.batching import BatchingReader
from api.reads.database import MongoReader
from api.reads.queries import Stages
from shared.documents import API_TOKENS, TOKEN_USES, Document

TOKENS_KEPT: Final = 10_000
_BATCH_TOKENS: Final = 200

WITH_LAST_USE: Final[Stages] = [
    {"$lookup": {"from": TOKEN_USES, "localField": "_id", "foreignField": "_id", "as": "use"}},
    {"$set": {"last_used_at": {"$max": [{"$first": "$use.last_used_at"}, "$last_used_at"]}}},
    {"$unset": "use"},
]
"""On `api_tokens`: adds `last_used_at`, null before the first use. Earlier versions had it in the record itself."""


@dataclass(frozen=True, slots=True)
class Caller:
    """The bearer of a valid token."""

    token: str
    """Digest of the token's `jti`."""
    scopes: frozenset[str]
    products: frozenset[int] | None
    """The products that the token is for; None: all."""
    networks: tuple[Network, ...] | None
    """The networks that it may be used from; None: all."""
    ends_at: float
    """Seconds since 1970: when it expires, or has lain idle for too long if it is not used meanwhile."""

    @classmethod
    def of(cls, record: Document) -> Self:
        """The bearer that a record describes. Fields that an earlier version did not write limit nothing."""
        products, networks = record["products"], record.get("networks")
        return cls(
            token=record["_id"],
            scopes=frozenset(record["scopes"]),
            products=None if products is None else frozenset(products),
            networks=None if networks is None else tuple(map(ip_network, networks)),
            ends_at=ends_at(record).timestamp(),
        )

    def may_read(self, product: int | None) -> bool:
        """Whether the token is for this product, or for all of them."""
        return self.products is None or product in self.products

    def may_come_from(self, address: Address | None) -> bool:
        """Whether the token may be used from there; an unknown address is in no network."""
        return self.networks is None or (address is not None and any(address in each for each in self.networks))


def idle_until(record: Document) -> datetime | None:
    """When a token ends unless it is used before; None for one that may lie idle."""
    idle = record.get("idle_seconds")
    used_at: datetime = record.get("last_used_at") or record["created_at"]
    return None if idle is None else used_at + timedelta(seconds=idle)


def ends_at(record: Document) -> datetime:
    """When a token ends that is not revoked before."""
    expires_at: datetime = record["expires_at"]
    return min(expires_at, idle_until(record) or expires_at)


@dataclass(frozen=True, slots=True)
class Believed:
    """What a record said when it was read; `caller` is None where there was none, or a revoked one."""

    read_at: float
    caller: Caller | None

    def holds(self, now: float) -> bool:
        """Whether a watch would have told of what makes it untrue. Uses are not watched, and they put an end off."""
        return self.caller is None or self.caller.ends_at > now


class TokenRecords:
    """Reads records, many at once, and believes them for `trust` seconds after MongoDB last confirmed them.

    Reading one confirms it, and so does a watch that sees every change from before the reading on. Without a watch each
    record is read again when the time is over; while MongoDB is away nothing is confirmed, and no token believed.
    """

    def __init__(self, mongo: MongoReader, deadline: float, trust: float) -> None:
        self._mongo = mongo
        self._trust = trust
        self._reader = BatchingReader(self._read, limit=_BATCH_TOKENS, deadline=deadline)
        self._believed: LRUCache[str, Believed] = LRUCache(TOKENS_KEPT)
        self._changes = 0
        self._watched_from = float("inf")
        self._watched_to = float("-inf")

    def believed(self, token: str, now: float) -> Believed | None:
        """The record of the token with this digest, if it need not be read again. `now`: seconds since 1970."""
        believed = self._believed.get(token)
        if believed is None:
            return None
        confirmed_at = believed.read_at
        if self._watched_to > confirmed_at >= self._watched_from and believed.holds(now):
            confirmed_at = self._watched_to
        return believed if time.monotonic() - confirmed_at < self._trust else None

    async def read(self, token: str) -> Caller | None:
        """The bearer, by the record as it is now; None without a valid one. Raises StoreUnavailable."""
        return await self._reader.read(token)

    @property
    def watched(self) -> tuple[float, float]:
        """Between which moments every change was told; none yet: the first is the later one."""
        return self._watched_from, self._watched_to

    def confirm(self, since: float, until: float) -> None:
        """Every change between these moments, in seconds of the monotonic clock, was told by `changed`."""
        self._watched_from, self._watched_to = since, until

    def changed(self, token: str | None) -> None:
        """The record with this digest changed; None: any may have."""
        self._changes += 1
        if token is None:
            self._believed = LRUCache(TOKENS_KEPT)
        else:
            self._believed.pop(token, None)

    async def _read(self, tokens: Sequence[str]) -> dict[str, Caller | None]:
        asked_at, changes = time.monotonic(), self._changes
        asked_for: Stages = [{"$match": {"_id": {"$in": list(tokens)}}}, *WITH_LAST_USE]
        rows = await self._mongo.aggregate("tokens", API_TOKENS, asked_for)
        # Revoked is revoked, whatever the clock said of the one who did it.
        found = {row["_id"]: Caller.of(row) for row in rows if row["revoked_at"] is None}
        callers = {token: found.get(token) for token in tokens}
        if changes == self._changes:  # else the change may be of one of these, and later than the answer
            for token, caller in callers.items():
                self._believed[token] = Believed(asked_at, caller)
        return callers
