"""The tests and files that docs/security.md names exist."""

import re

from tests.support.process import ROOT

SECURITY = (ROOT / "docs/security.md").read_text()


def test_the_tests_that_show_it_are_there() -> None:
    named = set(re.findall(r"`((?:unit|integration|e2e|faults)/[a-z/_0-9]+\.py)`", SECURITY))
    assert len(named) > 15
    assert [name for name in sorted(named) if not (ROOT / "tests" / name).is_file()] == []


def test_the_files_that_do_it_are_there() -> None:
    named = set(re.findall(r"`((?:api|compose|scripts|tests|nginx)/[A-Za-z0-9/_.-]+)`", SECURITY))
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []
