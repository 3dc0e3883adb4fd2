"""What an audit or a comparison came to: for programs as JSON, for people as lines."""

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from scripts.audit.compare_groups import Comparison
from scripts.audit.findings import Findings, Kind
from scripts.audit.reconcile import Report
from scripts.audit.repair.transactions import Repair

SHOWN: Final = 100


class Outcome(NamedTuple):
    """`report` is JSON-ready; its `ok` tells whether all is right."""

    report: dict[str, Any]
    lines: Iterable[str]


def of_audit(report: Report, repair: Repair | None, seconds: float) -> Outcome:
    """Sums that were repaired are not wrong any more."""
    wrong = set(report.findings.counts)
    ok = not (wrong - {Kind.SUM_DIFFERS.value} if repair is not None and not repair.left else wrong)
    read = {
        "ok": ok,
        "events": report.events,
        "dead_letters": report.letters,
        "days": report.days,
        "moments": report.moments,
        "seconds": round(seconds, 1),
        "partitions": {str(number): offset for number, offset in sorted(report.partitions.items())},
    }
    repairs: dict[str, Any] = {}
    if repair is not None:
        repairs = {"repaired": dict(sorted(repair.repaired.items())), "not_repaired": repair.left}
    return Outcome(read | _findings(report.findings) | repairs, _audit_lines(report, repair, ok, seconds))


def of_comparison(comparison: Comparison) -> Outcome:
    """Verdicts that depend on the time of reading are listed, and no error."""
    findings = comparison.findings
    report = {"ok": not findings.counts, "equal_events": comparison.events, "verdicts_by_time": comparison.by_time}
    return Outcome(report | _findings(findings), _comparison_lines(comparison))


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
        yield f"… and {findings.counts.total() - SHOWN:,} more; --json tells the first {len(findings.details):,}"
    for what, count in findings.unverifiable.items():
        yield f"not verifiable: {what} ({count:,})"


def _audit_lines(report: Report, repair: Repair | None, ok: bool, seconds: float) -> Iterator[str]:
    yield from _finding_lines(report.findings)
    if repair is not None:
        made = ", ".join(f"{count:,} of {collection}" for collection, count in sorted(repair.repaired.items()))
        yield f"repaired: {made or 'nothing'}"
        yield from (f"not repaired: {what}" for what in repair.left)
    read = f"{report.events:,} events and {report.letters:,} dead letters of {report.days:,} days in {seconds:.1f} s"
    kinds = ", ".join(f"{kind} {count:,}" for kind, count in sorted(report.findings.counts.items()))
    yield f"all is right{' by now' if kinds else ''}: {read}" if ok else f"WRONG: {kinds}; read {read}"


def _comparison_lines(comparison: Comparison) -> Iterator[str]:
    yield from _finding_lines(comparison.findings)
    for one in comparison.by_time[:SHOWN]:
        verdicts = ", ".join(f"{name}: {verdict}" for name, verdict in one["verdicts"].items())
        yield f"by time of reading: partition {one['partition']}, offset {one['offset']} ({verdicts})"
    differ = comparison.findings.counts.total()
    yield f"{comparison.events:,} events are equal, {differ:,} messages differ"
