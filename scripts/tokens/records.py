"""Records of tokens as `scripts.tokens` reads and writes them."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from pymongo.collection import Collection

from api.auth.access import record_id
from api.auth.records import WITH_LAST_USE, ends_at
from api.services import token_signer
from shared.documents import API_TOKENS, TOKEN_USES, Document
from shared.mongo import access_database, connect
from shared.settings import ApiSettings, SharedSettings

Records = Collection[Document]

ID_DIGITS: Final = 12
"""As many digits of an id as name a token to a person."""


class NoSuchToken(Exception):
    """No record, or several, where one is meant. Its text is for a person."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What a token is for; None limits nothing."""

    name: str
    scopes: Sequence[str]
    products: Sequence[int] | None
    networks: Sequence[str] | None
    idle: timedelta | None

    @classmethod
    def of(cls, record: Document) -> "Rights":
        """The rights that a record holds, an earlier version's too."""
        idle = record.get("idle_seconds")
        return cls(
            name=record["name"],
            scopes=record["scopes"],
            products=record["products"],
            networks=record.get("networks"),
            idle=None if idle is None else timedelta(seconds=idle),
        )


def records() -> Records:
    """The collection, by the settings of the environment. Raises ConfigurationError."""
    return _records(SharedSettings.load())


def issue(rights: Rights, life: timedelta) -> tuple[str, Document]:
    """A new token and its record, which is stored. Raises ConfigurationError, PyMongoError."""
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
    _records(settings).insert_one(record)
    return token, record


def rotate(old: Document, life: timedelta | None, overlap: timedelta) -> tuple[str, Document]:
    """A token with the rights of `old`, which lives as long as that one was to unless told otherwise.

    The old one expires after the overlap; without any it is revoked.
    """
    token, record = issue(Rights.of(old), life or old["expires_at"] - old["created_at"])
    end = {"$min": {"expires_at": datetime.now(UTC) + overlap}, "$set": {"replaced_by": record["_id"]}}
    records().update_one({"_id": old["_id"]}, end)
    if not overlap:
        revoke(records(), [old])
    return token, record


def revoke(collection: Records, found: Sequence[Document]) -> None:
    """End these at once."""
    ids = {"$in": [record["_id"] for record in found]}
    collection.update_many({"_id": ids, "revoked_at": None}, {"$set": {"revoked_at": datetime.now(UTC)}})


def prune(collection: Records, before: datetime) -> int:
    """Delete the records of tokens that ended before this moment, and of their use; how many."""
    ended_at = {record["_id"]: record["revoked_at"] or ends_at(record) for record in matching(collection, {})}
    ended = {"_id": {"$in": [token for token, moment in ended_at.items() if moment <= before]}}
    deleted = collection.delete_many(ended).deleted_count
    # Last, and of all that have no record: an instance may have written one a moment after its record was deleted.
    kept = [record["_id"] for record in collection.find({}, {"_id": True})]
    collection.database[TOKEN_USES].delete_many({"_id": {"$nin": kept}})
    return deleted


def matching(collection: Records, query: Document) -> list[Document]:
    """The records that match, the oldest first, with the time of their last use."""
    return list(collection.aggregate([{"$match": query}, {"$sort": {"created_at": 1}}, *WITH_LAST_USE]))


def named(collection: Records, token: str) -> list[Document]:
    """The records of this name, or whose id begins with these digits, as many as `list` shows or more."""
    by_id = len(token) >= ID_DIGITS and set(token) <= set("0123456789abcdef")
    query = {"_id": {"$regex": f"^{token}"}} if by_id else {"name": token}
    found = matching(collection, query)
    if not found:
        raise NoSuchToken(f"there is no token {token!r}; `list` shows them")
    return found


def the_one(collection: Records, token: str) -> Document:
    """The record of this name or id: the only one, or the only valid one without a successor."""
    found = named(collection, token)
    current = [record for record in found if state(record) == "valid" and record.get("replaced_by") is None]
    chosen = found if len(found) == 1 else current
    if len(chosen) == 1:
        return chosen[0]
    ids = ", ".join(record["_id"][:ID_DIGITS] for record in chosen or found)
    raise NoSuchToken(f"{token!r} names several tokens, give the id of one: {ids}")


def state(record: Document) -> str:
    """In a word: `valid`, or why it is not."""
    now = datetime.now(UTC)
    if record["revoked_at"] is not None:
        return "revoked"
    if record["expires_at"] <= now:
        return "expired" if record.get("replaced_by") is None else "replaced"
    return "idle" if ends_at(record) <= now else "valid"


def _records(settings: SharedSettings) -> Records:
    return access_database(connect(settings, "product-analytics-tokens"))[API_TOKENS]


def _sorted(values: Sequence[Any] | None) -> list[Any] | None:
    return sorted(set(values)) if values else None
