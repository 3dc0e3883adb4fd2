"""Whether an audit's report says that all is right, and what it says to a person of a repair."""

from types import SimpleNamespace
from typing import cast

import pytest

from scripts.audit.findings import Findings, Kind
from scripts.audit.reconcile import AuditSummary
from scripts.audit.repair.transactions import Repair
from scripts.audit.result import AuditResult, of_audit

NOTHING, SUMS, LOST = (), (Kind.SUM_DIFFERS,), (Kind.SUM_DIFFERS, Kind.LOST)
LEFT = "3 documents of partition 0: run this again"


def result(kinds: tuple[Kind, ...], left: list[str] | None) -> AuditResult:
    """The result of an audit that found `kinds`; `left` is what its repair left, None where it did not repair."""
    findings = Findings()
    for kind in kinds:
        findings.add(kind, "something is wrong")
    repair = None if left is None else cast("Repair", SimpleNamespace(left=left, repaired={"rollups": 2}))
    return of_audit(
        AuditSummary(findings, events=5, letters=1, days=1, moments=1, event_ids=0, next_offsets={0: 6}), repair, 0.1
    )


@pytest.mark.parametrize(
    ("kinds", "left", "ok"),
    [
        (NOTHING, None, True),
        (SUMS, None, False),
        (SUMS, [], True),
        (SUMS, [LEFT], False),
        (LOST, [], False),
        (NOTHING, [LEFT], True),
    ],
)
def test_all_is_right_where_nothing_is_wrong_or_all_of_it_was_repaired(
    kinds: tuple[Kind, ...], left: list[str] | None, ok: bool
) -> None:
    made = result(kinds, left)
    assert made.report["ok"] is ok
    (*_, last) = made.lines
    assert last.startswith("all is right" if ok else "WRONG")


def test_what_was_left_is_said_to_programs_and_to_persons() -> None:
    made = result(SUMS, [LEFT])
    assert (made.report["repaired"], made.report["not_repaired"]) == ({"rollups": 2}, [LEFT])
    lines = list(made.lines)
    assert "repaired: 2 of rollups" in lines
    assert f"not repaired: {LEFT}" in lines
