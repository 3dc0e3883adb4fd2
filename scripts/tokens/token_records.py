"""Finds, makes, changes and deletes the records of tokens in `api_tokens`.

Every function that takes the collection blocks while MongoDB answers, and raises PyMongoError when it does not.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from bson.datetime_ms import DatetimeMS
from pymongo.collection import Collection

from api.auth.access import record_id
from api.auth.records import WITH_LAST_USE, ends_at
from api.services import token_signer
from scripts.common.documents import UNFIT, leniently
from scripts.common.times import as_date, clamped, shown
from shared.documents import API_TOKENS, TOKEN_USES, Document
from shared.mongo import access_database, connect
from shared.settings import ApiSettings, SharedSettings

TokenCollection = Collection[Document]

ID_DIGITS: Final = 12
"""A person names a token by so many hexadecimal digits of its id, which is a SHA-256. Among 10,000 tokens two share
them with a probability of one in five million. With six digits, about 5,000 tokens would do for an even chance; 24 are
more than a person compares."""


class UnusableToken(Exception):
    """The command cannot act on the token that was named: none has that name, several have it, or it has ended.

    The text is for a person.
    """


@dataclass(frozen=True, slots=True)
class Rights:
    """What a token may do; None limits nothing.

    `networks` are CIDR texts. `idle` is how long the token may lie unused before it ends.
    """

    name: str
    scopes: Sequence[str]
    products: Sequence[int] | None
    networks: Sequence[str] | None
    idle: timedelta | None

    @classmethod
    def of(cls, record: Document) -> "Rights":
        """The rights in a record; fields that an earlier version did not write limit nothing."""
        idle = record.get("idle_seconds")
        return cls(
            name=record["name"],
            scopes=record["scopes"],
            products=record["products"],
            networks=record.get("networks"),
            idle=None if idle is None else timedelta(seconds=idle),
        )


def token_collection() -> TokenCollection:
    """The collection of the environment's settings. Connects on first use. Raises ConfigurationError."""
    return _collection(SharedSettings.load())


def issue(rights: Rights, life: timedelta) -> tuple[str, Document]:
    """Make a token that expires after `life`, and store its record. Returns both.

    Raises ConfigurationError, for example when no key can sign, and PyMongoError; then nobody gets a token.
    """
    settings = ApiSettings.load()
    signer = token_signer(settings)
    jti, now = secrets.token_urlsafe(16), datetime.now(UTC).replace(microsecond=0)
    record: Document = {
        "_id": record_id(jti),
        "name": rights.name,
        "scopes": sorted(set(rights.scopes)),
        "products": _sorted(rights.products),
        "networks": _sorted(rights.networks),
        "idle_seconds": None if rights.idle is None else int(rights.idle.total_seconds()),
        "key_id": signer.key_id,
        "created_at": now,
        "expires_at": now + life,
        "revoked_at": None,
        "replaced_by": None,
    }
    token = signer.sign(
        name=rights.name,
        jti=jti,
        scopes=frozenset(rights.scopes),
        issued_at=int(now.timestamp()),
        expires_at=int(record["expires_at"].timestamp()),
    )
    _collection(settings).insert_one(record)
    return token, record


def rotate(old: Document, life: timedelta | None, overlap: timedelta) -> tuple[str, Document]:
    """Make a token with the rights of the record `old`, and let the old token expire after `overlap`.

    The new token lives for `life`, by default as long as the old token was made to live. With no overlap, the old token
    is revoked. Returns the new token and its record. Raises ConfigurationError, PyMongoError, and UnusableToken where
    the old token's times are no dates, or where it was revoked, rotated or deleted since `old` was read: then the new
    token, which nobody has seen, is deleted.
    """
    token, record = issue(Rights.of(old), life or _life_of(old))
    end = {"$min": {"expires_at": datetime.now(UTC) + overlap}, "$set": {"replaced_by": record["_id"]}}
    collection = token_collection()
    still_valid = {"_id": old["_id"], "revoked_at": None, "replaced_by": None}
    if not collection.update_one(still_valid, end).matched_count:
        collection.delete_one({"_id": record["_id"]})
        raise UnusableToken(f"{old['name']!r} was revoked or rotated by somebody else just now; nothing was made")
    if not overlap:
        revoke(collection, [old])
    return token, record


def revoke(collection: TokenCollection, found: Sequence[Document]) -> None:
    """Mark these records as revoked now, unless they are revoked already."""
    ids = {"$in": [record["_id"] for record in found]}
    collection.update_many({"_id": ids, "revoked_at": None}, {"$set": {"revoked_at": datetime.now(UTC)}})


def ended_by(collection: TokenCollection, before: datetime) -> list[Document]:
    """The records of tokens that ended at `before` (UTC) or earlier."""
    return [record for record in find_matching(collection, {}) if _has_ended_by(record, before)]


def _has_ended_by(record: Document, before: datetime) -> bool:
    """False for a record that another program damaged, which is left to a person."""
    try:
        return clamped(record["revoked_at"] or end_of(record)) <= before
    except UNFIT:
        return False


def delete(collection: TokenCollection, tokens: Iterable[str]) -> int:
    """Delete the records with these `_id`s, and the records of their use. Returns how many tokens."""
    deleted = collection.delete_many({"_id": {"$in": list(tokens)}}).deleted_count
    # Uses are deleted last, and all that belong to no token: an instance of the API may have written the use of a token
    # a moment after the token's record was deleted.
    kept = [record["_id"] for record in collection.find({}, {"_id": True})]
    collection.database[TOKEN_USES].delete_many({"_id": {"$nin": kept}})
    return deleted


def find_matching(collection: TokenCollection, query: Document) -> list[Document]:
    """The records that match the MongoDB query, the oldest first, each with `last_used_at`."""
    return list(collection.aggregate([{"$match": query}, {"$sort": {"created_at": 1}}, *WITH_LAST_USE]))


def find_named(collection: TokenCollection, token: str) -> list[Document]:
    """The records of this name, or whose id begins with `token` where that is at least `ID_DIGITS` hexadecimal digits.

    Raises UnusableToken where there is none.
    """
    by_id = len(token) >= ID_DIGITS and set(token) <= set("0123456789abcdef")
    named = {"name": token}
    query: Document = {"$or": [named, {"_id": {"$regex": f"^{token}"}}]} if by_id else named
    found = find_matching(collection, query)
    if not found:
        raise UnusableToken(f"there is no token {token!r}; `list` shows them")
    return found


def find_only(collection: TokenCollection, token: str) -> Document:
    """The record of this name or id: the only one, or among several the only valid one that was not rotated.

    Raises UnusableToken where none or several can be meant.
    """
    found = find_named(collection, token)
    current = [record for record in found if state_of(record) == "valid" and record.get("replaced_by") is None]
    chosen = found if len(found) == 1 else current
    if len(chosen) == 1:
        return chosen[0]
    ids = ", ".join(record["_id"][:ID_DIGITS] for record in chosen or found)
    raise UnusableToken(f"{token!r} names several tokens, give the id of one: {ids}")


def state_of(record: Document) -> str:
    """A token's state in a word: valid, revoked, expired, replaced (it was rotated and has expired) or idle."""
    now = datetime.now(UTC)
    if record["revoked_at"] is not None:
        return "revoked"
    if clamped(record["expires_at"]) <= now:
        return "expired" if record.get("replaced_by") is None else "replaced"
    return "idle" if clamped(end_of(record)) <= now else "valid"


def end_of(record: Document) -> datetime | DatetimeMS:
    """When a token ends if nobody revokes it before: at its expiry or its idle end, whichever comes first.

    It is a DatetimeMS where its expiry is no date that Python can hold.
    """
    times = {name: clamped(record[name]) for name in ("created_at", "expires_at")}
    if record.get("last_used_at") is not None:
        times["last_used_at"] = clamped(record["last_used_at"])
    expires_at: datetime | DatetimeMS = record["expires_at"]
    try:
        end = ends_at(record | times)
    except OverflowError:  # the idle end is after the year 9999, so the expiry comes first or is as far
        return expires_at
    return expires_at if end == times["expires_at"] else end


def _life_of(record: Document) -> timedelta:
    """For how long a token was made to live."""
    created_at, expires_at = (as_date(record[name]) for name in ("created_at", "expires_at"))
    if created_at is None or expires_at is None:
        raise UnusableToken(
            f"{record['name']!r} has times that are no dates ({shown(record['created_at'])} to "
            f"{shown(record['expires_at'])}), so nobody knows how long it was to live: say so by --days"
        )
    return expires_at - created_at


def _collection(settings: SharedSettings) -> TokenCollection:
    return leniently(access_database(connect(settings, "product-analytics-tokens")))[API_TOKENS]


def _sorted(values: Sequence[Any] | None) -> list[Any] | None:
    return sorted(set(values)) if values else None
