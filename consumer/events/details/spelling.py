"""Names that are near each other by their spelling: `product_sold` and `productSold`, `productId` and `product_id`.

Only letters are compared, never meanings: that `quantity` may mean `no_of_units` is for a person to decide. Pure.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from itertools import islice
from typing import Final

_SIGNS: Final = re.compile(r"[\W_]+")
_WORDS_OF_A_NAME: Final = re.compile(r"[A-Z]?[a-z]+")
_LONGEST_NAME: Final = 80
"""Longer texts are near to nothing. The names with namespaces that frameworks send are shorter."""
_MOST_NAMES: Final = 100
"""So many names of a message are compared: an event has a dozen. It bounds the time that a hostile message takes."""
_LETTERS_A_TYPO: Final = 4
"""A name may differ in one letter for every four letters that it has: `amuont` is near `amount`, and `prodcutSold` near
`productSold`. At half, `rate` would be near `date`; at twice, most typing errors go unnoticed."""

_NEGATED: Final = re.compile(
    r"cancel|revers|refund|return|delet|remov|fail|void|undo|(?:^|[\W_])(?:un|not|no|non|out)[\W_]*$",
    re.IGNORECASE,
)
"""Words that make of a sale the opposite of one, in what stands before its name."""
_OTHER_FORMS: Final = {
    "productSold": ("productsale", "productsell", "saleproduct"),
    "productRated": ("productrating", "productrate", "ratingproduct"),
}
"""Other forms of the same words, without signs, which have more than a typing error."""
_OTHER_WORDS: Final = ("hold", "told", "old", "dated", "gated", "mated")
"""Words of their own that differ in one letter from the ends of the known names: no typing errors."""


def near(name: object, known: tuple[str, ...]) -> str:
    """The known name that a text is another spelling of; empty where there is none.

    Case and signs do not count, nor does a namespace before the name, nor `event` or a version behind it:
    `App\\Events\\ProductSold`, `product.sold.v1`. Anything else beside the name may mean the opposite of the event.
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
        match = _with_namespace(one).fullmatch(name)
        if match and not _NEGATED.search(match[1] or ""):
            return one
        if _is_turned(_plain(one), plain) or plain in _OTHER_FORMS.get(one, ()):
            return one
    return next((one for one in known if _is_typo_of_name(one, plain)), "")


@lru_cache(maxsize=16)
def _with_namespace(name: str) -> re.Pattern[str]:
    """The form of a name with a namespace before it (group 1), and `event` or a version behind it."""
    words = r"s?[\W_]*".join(_WORDS_OF_A_NAME.findall(name))
    return re.compile(rf"(.*[\W_])?{words}s?(?:[\W_]*(?:event|v[0-9.]+))*[\W_]*", re.IGNORECASE | re.DOTALL)


def _is_typo_of_name(name: str, plain: str) -> bool:
    """Whether a name has a typing error, in the first word of the known one or, one letter only, in the last.

    The last tells events apart: of `productCreated` all but three letters are those of `productRated`.
    """
    first, last = map(_plain, _WORDS_OF_A_NAME.findall(name))
    if plain.endswith(last):
        return _is_typo(first, plain.removesuffix(last))
    its = plain.removeprefix(first)
    return plain.startswith(first) and its not in _OTHER_WORDS and _distance(last, its) <= 1


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
