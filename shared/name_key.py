"""The key by which a product's name is found: the name without case, forms and invisible characters. Pure.

    "Chair"       chair            "İstanbul"     i̇stanbul  (i, U+0307)
    "STRASSE"     strasse          "Maßband"      massband
    "ﬁle ①"       file 1           "Café"         café  (e, U+0301)
    "한국"          its six letters: U+1112 U+1161 U+11AB U+1100 U+116E U+11A8
    "👩‍💻"          👩💻               (U+200D, which joined the two, is gone)

Two names have one key where Unicode calls them a compatibility caseless match (definition D146), once characters that
are never shown (the property Default_Ignorable_Code_Point: zero-width and bidirectional controls, joiners, variation
selectors) are taken out. The rules are of no language: `İ` becomes `i` with a dot above it, and `I` becomes `i` for
Turkish names too.

**A part of a name finds the name.** Keys are decomposed (NFKD) and not composed (NFKC), because then the key of a
name's first characters is how the name's key begins: `cafe` finds `Café`, and `하` finds `한`, as a person who is
still typing expects. A composed key would lose both while the last character is incomplete. There is one exception:
where a letter has several marks, and the name has them in another order than Unicode's, the letter with only some of
them may not find it.

**Python's versions agree.** Unicode promises that neither normalization nor case folding of a character ever changes
once it is assigned. Of a letter that is newer than a Python's Unicode, that Python knows no other case: until consumers
and API instances run the same one, such a name may be found only as it is written.
"""

import re
from functools import lru_cache
from typing import Final
from unicodedata import normalize

MOST_CHARACTERS: Final = 1024
"""Characters of a key at most: of a longer key only the beginning counts, so that names and texts to find are compared
by their first 1,024 characters.

A name has at most 256 characters. In a key one of them is four at most, but for signs of whole words such as `㌖`, so
that only names of dozens of such signs are cut. With twice as many still some of them were cut; with half, names of 171
Korean syllables and more were."""

_KEPT: Final = 4_096
"""Keys that a process remembers: at most some 20 MB, if all names are as long as they may be, and mostly below 1 MB. At
half of it a consumer of more than 2,000 active products with such names makes more of the keys again, at some
microseconds each; at twice it takes twice the memory. Names in ASCII, whose keys cost nothing, are not remembered."""

_NEVER_SHOWN: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
"""Characters with the property Default_Ignorable_Code_Point. Python has no table of them."""


def name_key(name: str) -> str:
    """The key of a name, or of the text that the names to be found begin with. Empty where nothing of it is shown.

    `name_key(name_key(name)) == name_key(name)`. Any thread may call it.
    """
    # Of ASCII, all other steps change nothing.
    return name.lower()[:MOST_CHARACTERS] if name.isascii() else _folded(name)


@lru_cache(_KEPT)
def _folded(name: str) -> str:
    """Definition D146, without what is never shown.

    The first decomposition is canonical: only it puts a Greek iota below a letter behind the letter's other marks,
    before `casefold` makes the iota a letter of its own. Some compatibility forms decompose into capitals (`℡` into
    `TEL`), so both steps are done twice.
    """
    shown = _NEVER_SHOWN.sub("", name)
    once = normalize("NFKD", normalize("NFD", shown).casefold())
    return normalize("NFKD", once.casefold())[:MOST_CHARACTERS]
