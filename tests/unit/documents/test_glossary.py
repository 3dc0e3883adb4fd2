"""docs/glossary.md is in order, and its list of words is complete."""

import re

from tests.support.process import ROOT

GLOSSARY = (ROOT / "docs/glossary.md").read_text()
WORDS = re.findall(r"^## (.+)$", GLOSSARY, re.MULTILINE)


def test_the_words_are_in_alphabetical_order() -> None:
    assert len(WORDS) > 40
    assert sorted(WORDS, key=str.lower) == WORDS


def test_the_list_at_the_top_names_each_word() -> None:
    top = GLOSSARY.partition("\n## ")[0]
    assert re.findall(r"\[([^\]]+)\]\(#", top) == WORDS


def test_each_word_has_an_example() -> None:
    entries = re.split(r"^## .+$", GLOSSARY, flags=re.MULTILINE)[1:]
    assert [word for word, entry in zip(WORDS, entries, strict=True) if "*Example:*" not in entry] == []
