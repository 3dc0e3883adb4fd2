"""What a search for products asks MongoDB first, as documents. Pure.

The index of names holds the key, the product and the partition of each document of `products` (`NAMES_INDEX`). So this
reads entries of the index in the order of the answer, and no document.
"""

from typing import NamedTuple, Self

from api.reads.queries import Stages
from shared.documents import Document

_LAST_CHARACTER = "\U0010ffff"


class Place(NamedTuple):
    """Where a product stands among all: by the key of its name, and among equal keys by its id."""

    key: str
    product: int


class Keys(NamedTuple):
    """The keys that begin with `first`: those from it up to, but not including, `end`. None: there is no end."""

    first: str
    end: str | None

    @classmethod
    def beginning_with(cls, key: str) -> Self:
        """The keys that begin with `key`: for `pro` those from `pro` to below `prp`.

        MongoDB and Python compare texts by their characters' numbers. The end is therefore the key with its last
        character replaced by the next one; the last of all characters has none, so the one before it is replaced.
        """
        stem = key.rstrip(_LAST_CHARACTER)
        if not stem:
            return cls(key, None)
        number = ord(stem[-1]) + 1
        return cls(key, stem[:-1] + chr(0xE000 if number == 0xD800 else number))  # between them are no characters

    def have(self, key: str) -> bool:
        """Whether `key` is one of them."""
        return key.startswith(self.first)


def places(keys: Keys, after: Place | None, limit: int) -> Stages:
    """On `products`, by its index of names: the first places among `keys`, behind `after`, as rows `{key, p}`.

    A product has a row for each partition in which it was seen, so it may come several times, also with older names.
    MongoDB reads as many entries of the index as there are rows, wherever they begin.
    """
    end: Document = {} if keys.end is None else {"$lt": keys.end}
    chosen: Document = {"latest.key": {"$gte": keys.first, **end}}
    if after is not None:
        # Two ranges of the index, which MongoDB merges. One condition over both fields would read documents.
        behind = {"latest.key": after.key, "_id.p": {"$gt": after.product}}
        chosen = {"$or": [behind, {"latest.key": {"$gt": after.key, **end}}]}
    return [
        {"$match": chosen},
        {"$sort": {"latest.key": 1, "_id.p": 1}},
        {"$limit": limit},
        {"$project": {"_id": 0, "key": "$latest.key", "p": "$_id.p"}},
    ]
