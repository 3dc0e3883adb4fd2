"""Records of tokens, in `api_tokens`: what the bearer of a token may do, and how long a kept record is trusted."""

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
"""Tokens whose proof, and whose record, an instance keeps in memory: 4 MB and 6 MB when full. With half as many, an
instance that serves more than 5,000 tokens checks signatures and reads records over and over; twice as many take
20 MB."""

_BATCH_TOKENS: Final = 200
"""Records that one query reads, as many as products in a query of sales. Half as many would make it two queries when
200 tokens come at once, after a start for example; twice as many would let the first of them wait longer."""

WITH_LAST_USE: Final[Stages] = [
    {"$lookup": {"from": TOKEN_USES, "localField": "_id", "foreignField": "_id", "as": "use"}},
    {"$set": {"last_used_at": {"$max": [{"$first": "$use.last_used_at"}, "$last_used_at"]}}},
    {"$unset": "use"},
]
"""On `api_tokens`: adds `last_used_at` from `token_uses`, null before the first use.

Earlier versions wrote the time into the record itself, so the later of both counts.
"""


@dataclass(frozen=True, slots=True)
class Caller:
    """The bearer of a valid token, and what the token permits."""

    token: str
    """`_id` of the token's record."""
    scopes: frozenset[str]
    products: frozenset[int] | None
    """The products that the token is for. None: all products, and their sums."""
    networks: tuple[Network, ...] | None
    """The networks that the token may be used from. None: all."""
    ends_at: float
    """When the token ends, in seconds since 1970: at its expiry, or before that when it has lain idle for too long. A
    use puts the second off."""

    @classmethod
    def of(cls, record: Document) -> Self:
        """The bearer that a record describes. A field that an earlier version did not write limits nothing."""
        products, networks = record["products"], record.get("networks")
        return cls(
            token=record["_id"],
            scopes=frozenset(record["scopes"]),
            products=None if products is None else frozenset(products),
            networks=None if networks is None else tuple(map(ip_network, networks)),
            ends_at=ends_at(record).timestamp(),
        )

    def may_read(self, product: int | None) -> bool:
        """Whether the token is for `product`; None asks for the sum over all products."""
        return self.products is None or product in self.products

    def may_come_from(self, address: Address | None) -> bool:
        """Whether the token may be used from `address`. An unknown address (None) is in no network."""
        return self.networks is None or (address is not None and any(address in each for each in self.networks))


def idle_until(record: Document) -> datetime | None:
    """When a token ends unless it is used before. None for a token that may lie idle until it expires.

    Needs `last_used_at`, as `WITH_LAST_USE` adds it: with `idle_seconds` 86400 and a last use on 1 June at noon, the
    token ends on 2 June at noon. A token that was never used counts from its creation.
    """
    idle = record.get("idle_seconds")
    used_at: datetime = record.get("last_used_at") or record["created_at"]
    return None if idle is None else used_at + timedelta(seconds=idle)


def ends_at(record: Document) -> datetime:
    """When a token ends if nobody revokes it before: at its expiry or its idle end, whichever comes first."""
    expires_at: datetime = record["expires_at"]
    return min(expires_at, idle_until(record) or expires_at)


@dataclass(frozen=True, slots=True)
class KeptRecord:
    """What a record said when it was read."""

    read_at: float
    """Seconds of the monotonic clock, taken before the query was sent."""
    caller: Caller | None
    """None: there was no record, or it was revoked."""

    def may_be_confirmed(self, now: float) -> bool:
        """Whether this is still true as long as the change stream reports no change of the record.

        Not so for a caller whose end has come: a use on another instance may have put off an idle end, and the stream
        reports no uses. Such a record must be read again.
        """
        return self.caller is None or self.caller.ends_at > now


class TokenRecords:
    """Reads records, many in one query, and trusts each for `trust` seconds after MongoDB last confirmed it.

    Two things confirm a record: reading it, and the change stream (`TokenWatch`), if it has reported every change since
    before the record was read. Without the stream each record is read again once its trust is over. While MongoDB is
    away nothing is confirmed, so after `trust` seconds no token is accepted.

    `deadline` is how many seconds a read may take.
    """

    def __init__(self, mongo: MongoReader, deadline: float, trust: float) -> None:
        self._mongo = mongo
        self._trust = trust
        self._reader = BatchingReader(self._read, limit=_BATCH_TOKENS, deadline=deadline)
        self._kept: LRUCache[str, KeptRecord] = LRUCache(TOKENS_KEPT)
        """By `_id`."""
        self._changes = 0
        """How many changes were reported so far; a read that sees this number change does not keep its answer."""
        self._watched_from = float("inf")
        self._watched_to = float("-inf")

    def kept(self, token: str, now: float) -> KeptRecord | None:
        """The kept record with this `_id`; None when it must be read again. `now` is in seconds since 1970."""
        kept = self._kept.get(token)
        if kept is None:
            return None
        confirmed_at = kept.read_at
        if self._watched_to > confirmed_at >= self._watched_from and kept.may_be_confirmed(now):
            confirmed_at = self._watched_to
        return kept if time.monotonic() - confirmed_at < self._trust else None

    async def read(self, token: str) -> Caller | None:
        """The caller by the record with this `_id`, read from MongoDB now; None when there is no valid record.

        Raises DatabaseUnavailable.
        """
        return await self._reader.read(token)

    @property
    def watched(self) -> tuple[float, float]:
        """The span, in seconds of the monotonic clock, in which every change was reported to `changed`.

        Before the stream has confirmed anything, it is (inf, -inf), which no moment lies in.
        """
        return self._watched_from, self._watched_to

    def confirm(self, since: float, until: float) -> None:
        """Note that every change between these moments of the monotonic clock was reported to `changed`."""
        self._watched_from, self._watched_to = since, until

    def changed(self, token: str | None) -> None:
        """Forget the record with this `_id`, which changed. None: any record may have changed, so forget all."""
        self._changes += 1
        if token is None:
            self._kept = LRUCache(TOKENS_KEPT)
        else:
            self._kept.pop(token, None)

    async def _read(self, tokens: Sequence[str]) -> dict[str, Caller | None]:
        asked_at, changes = time.monotonic(), self._changes
        stages: Stages = [{"$match": {"_id": {"$in": list(tokens)}}}, *WITH_LAST_USE]
        rows = await self._mongo.aggregate("tokens", API_TOKENS, stages)
        # `revoked_at` is compared with no clock: the revoking machine's may be ahead, and a revocation counts at once.
        found = {row["_id"]: Caller.of(row) for row in rows if row["revoked_at"] is None}
        callers = {token: found.get(token) for token in tokens}
        # A change that was reported meanwhile may be of one of these records, and later than what MongoDB read. Then
        # this answer serves the requests that wait for it, and the next request reads again.
        if changes == self._changes:
            for token, caller in callers.items():
                self._kept[token] = KeptRecord(asked_at, caller)
        return callers
