"""Reads `partitions` and `rejected_events` at one moment, and reports documents in them that are malformed."""

from collections.abc import Mapping
from typing import Any

from scripts.audit.findings import Findings, Kind
from scripts.audit.offsets.ledger import Ledger
from scripts.audit.reading.shapes import is_letter_id, letter_problem, partition_problem
from scripts.audit.reading.snapshot import Snapshot
from shared.documents import PARTITIONS, REJECTED_EVENTS, Document


def partitions_of(snapshot: Snapshot, chosen: Mapping[str, Any]) -> list[Document]:
    """The well-formed documents of `partitions` that match the filter `chosen`."""
    return [document for document in snapshot.find(PARTITIONS, chosen) if partition_problem(document) is None]


def report_partitions(snapshot: Snapshot, chosen: Mapping[str, Any], findings: Findings) -> frozenset[int]:
    """Report malformed documents of `partitions`, and those of another group or topic than in the filter `chosen`.

    Returns the partitions whose documents are malformed, as far as their `_id`s name them: `partitions` has them, and
    how far they are stored it does not say.
    """
    malformed: set[int] = set()
    for document in snapshot.find(PARTITIONS, {}):
        identity, problem = document["_id"], partition_problem(document)
        if problem is not None:
            text = f"`{PARTITIONS}` holds {identity!r}: {problem}"
            number = _partition_in(identity)
            findings.add(Kind.MALFORMED_PARTITION, text, partition=number)
            if number is not None and _named(identity) == chosen:
                malformed.add(number)
        elif _named(identity) != chosen:
            _report_other_group(PARTITIONS, identity, findings)
    return frozenset(malformed)


def read_letters(snapshot: Snapshot, topic: str, ledger: Ledger, findings: Findings) -> None:
    """Note every dead letter of the topic in the ledger, and report letters that are malformed or of another topic.

    A letter with a malformed state or reason is noted as well: its offset is known.
    """
    for document in snapshot.find(REJECTED_EVENTS, {}, {"state": 1, "reason": 1, "replayed_as": 1}):
        identity, problem = document["_id"], letter_problem(document)
        if problem is not None:
            where = {"partition": identity["k"], "offset": identity["o"]} if is_letter_id(identity) else {}
            text = f"`{REJECTED_EVENTS}` holds {identity!r}: {problem}"
            findings.add(Kind.MALFORMED_LETTER, text, **where)
        if not is_letter_id(identity):
            continue
        if identity["topic"] == topic:
            ledger.letter(document)
        else:
            _report_other_group(REJECTED_EVENTS, identity, findings)
    ledger.compact()


def _report_other_group(collection: str, identity: Document, findings: Findings) -> None:
    text = (
        f"`{collection}` holds {identity}, of another group or topic: give each group a database, because two groups "
        "in one database add to the same sums"
    )
    findings.add(Kind.OTHER_GROUP, text, partition=identity["k"])


def _named(identity: Mapping[str, Any]) -> dict[str, Any]:
    """The group and the topic of an `_id`, as a filter."""
    return {f"_id.{name}": identity.get(name) for name in ("group", "topic")}


def _partition_in(identity: object) -> int | None:
    """The partition that a malformed `_id` names, where it names one."""
    number = identity.get("k") if isinstance(identity, dict) else None
    return number if isinstance(number, int) else None
