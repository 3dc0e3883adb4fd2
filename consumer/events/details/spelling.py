"""Names that are near each other by their spelling: `product_sold` and `productSold`, `productId` and `product_id`.

Only letters are compared, never meanings: that `quantity` may mean `no_of_units` is for a person to decide. Pure.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice
from typing import Final

_SIGNS: Final = re.compile(r"[\W_]+")
_LONGEST_NAME: Final = 80
"""Longer texts are near to nothing. The names with namespaces that frameworks send are shorter."""
_MOST_NAMES: Final = 100
"""So many names of a message are compared: an event has a dozen. It bounds the time that a hostile message takes."""
_LETTERS_A_TYPO: Final = 4
"""A name may differ in one letter for each four that it has: `amuont` is near `amount`, and `productRating` near
`productRated`. At half, `rate` would be near `date`; at twice, most typing errors go unnoticed."""


def near(name: object, known: tuple[str, ...]) -> str:
    """The known name that a text is another spelling of; empty where there is none.

    Case and signs do not count, nor does what stands before or behind: `App\\Events\\ProductSold`, `product.sold.v1`.
    """
    return _near(name, known) if type(name) is str and len(name) <= _LONGEST_NAME else ""


@lru_cache(maxsize=1024)
def _near(name: str, known: tuple[str, ...]) -> str:
    """The cache serves topics that others' events share: each of their names comes again and again."""
    plain = _plain(name)
    for one in known:
        if _plain(one) == plain:
            return one
    for one in known:
        letters = _plain(one)
        if letters in plain or letters in plain.replace("s", "", 1) or _is_turned(letters, plain):
            return one
    typos = {one: _distance(_plain(one), plain) for one in known if _is_typo(_plain(one), plain)}
    return min(typos, key=lambda one: typos[one], default="")


def nearest_key(field: str, keys: Iterable[str]) -> str:
    """The key that is another spelling of a field's name; empty where there is none."""
    plain = _plain(field)
    some = [key for key in islice(keys, _MOST_NAMES) if len(key) <= _LONGEST_NAME and key != field]
    for key in some:
        if _plain(key) == plain:
            return key
    typos = {key: _distance(plain, _plain(key)) for key in some if _is_typo(plain, _plain(key))}
    return min(typos, key=lambda key: typos[key], default="")


def _plain(name: str) -> str:
    return _SIGNS.sub("", name).lower()


def _is_turned(letters: str, plain: str) -> bool:
    """Whether the words stand the other way round: `soldProduct`."""
    return len(letters) == len(plain) and len(letters) > _LETTERS_A_TYPO * 2 and plain in letters * 2


def _is_typo(letters: str, plain: str) -> bool:
    most = len(letters) // _LETTERS_A_TYPO
    return abs(len(letters) - len(plain)) <= most and _distance(letters, plain) <= most


@lru_cache(maxsize=4096)
def _distance(one: str, other: str) -> int:
    """How many letters are added, left out, replaced or swapped with a neighbour to make one of the other.

    The cache holds the pairs of some hundred keys and names, which come again with each message of a program.
    """
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, its in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != its))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == its:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
    return row[-1]
