"""The result of an audit or of a comparison: JSON for programs, lines for people."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from scripts.audit.compare_groups import GroupComparison
from scripts.audit.findings import Findings, Kind
from scripts.audit.reconcile import AuditSummary
from scripts.audit.repair.transactions import Repair

SHOWN: Final = 100
"""How many findings a person sees; the JSON report has ten times as many. A terminal shows about 50 lines, so twice as
many scroll away unread, and half as many may show one kind of finding alone."""


class AuditResult(NamedTuple):
    """`report` is ready for JSON, and its `ok` says whether all is right. `lines` say the same to a person."""

    report: dict[str, Any]
    lines: Iterable[str]


def of_audit(summary: AuditSummary, repair: Repair | None, seconds: float) -> AuditResult:
    """The result of an audit that took `seconds`. Sums that were all repaired do not count as wrong any more."""
    wrong = set(summary.findings.counts)
    ok = not (wrong - {Kind.SUM_DIFFERS.value} if repair is not None and not repair.left else wrong)
    read = {
        "ok": ok,
        "events": summary.events,
        "dead_letters": summary.letters,
        "event_ids": summary.event_ids,
        "days": summary.days,
        "moments": summary.moments,
        "seconds": round(seconds, 1),
        "partitions": {str(number): offset for number, offset in sorted(summary.next_offsets.items())},
    }
    repairs: dict[str, Any] = {}
    if repair is not None:
        repairs = {"repaired": dict(sorted(repair.repaired.items())), "not_repaired": repair.left}
    return AuditResult(read | _findings(summary.findings) | repairs, _audit_lines(summary, repair, ok, seconds))


def of_comparison(comparison: GroupComparison) -> AuditResult:
    """The result of a comparison. Verdicts that depend on the time of reading are listed, but they are not wrong."""
    findings = comparison.findings
    report = {
        "ok": not findings.counts,
        "equal_events": comparison.equal_events,
        "verdicts_by_time": comparison.verdicts_by_time,
    }
    return AuditResult(report | _findings(findings), _comparison_lines(comparison))


def _findings(findings: Findings) -> dict[str, Any]:
    return {
        "counts": dict(sorted(findings.counts.items())),
        "findings": [finding.as_json() for finding in findings.details],
        "findings_left_out": findings.counts.total() - len(findings.details),
        "unverifiable": dict(sorted(findings.unverifiable.items())),
    }


def _finding_lines(findings: Findings) -> Iterator[str]:
    for finding in findings.details[:SHOWN]:
        yield f"{finding.kind}: {finding.message}"
    if findings.counts.total() > SHOWN:
        more = findings.counts.total() - SHOWN
        yield f"… and {more:,} more; --json prints the first {len(findings.details):,}"
    for what, count in findings.unverifiable.items():
        yield f"not verifiable: {what} ({count:,})"


def _audit_lines(summary: AuditSummary, repair: Repair | None, ok: bool, seconds: float) -> Iterator[str]:
    yield from _finding_lines(summary.findings)
    if repair is not None:
        written = ", ".join(f"{count:,} of {collection}" for collection, count in sorted(repair.repaired.items()))
        yield f"repaired: {written or 'nothing'}"
        yield from (f"not repaired: {left}" for left in repair.left)
    read = f"{summary.events:,} events and {summary.letters:,} dead letters of {summary.days:,} days in {seconds:.1f} s"
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(summary.findings.counts.items()))
    if ok:
        yield f"all is right{' since the repair' if kinds else ''}: read {read}"
    else:
        yield f"WRONG: {kinds}; read {read}"


def _comparison_lines(comparison: GroupComparison) -> Iterator[str]:
    yield from _finding_lines(comparison.findings)
    for entry in comparison.verdicts_by_time[:SHOWN]:
        verdicts = ", ".join(f"{name}: {verdict}" for name, verdict in entry["verdicts"].items())
        yield f"by time of reading: partition {entry['partition']}, offset {entry['offset']} ({verdicts})"
    differ = comparison.findings.counts.total()
    yield f"{comparison.equal_events:,} events are equal, {differ:,} messages differ"
