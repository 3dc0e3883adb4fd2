"""The records that offsets are judged by, `partitions` and `rejected_events`: read at one moment."""

from collections.abc import Mapping
from typing import Any

from scripts.audit.findings import Findings, Kind
from scripts.audit.offsets.ledger import Ledger
from scripts.audit.reading.shapes import is_letter, letter_problem, partition_problem
from scripts.audit.reading.snapshot import Snapshot
from shared.documents import PARTITIONS, REJECTED_EVENTS, Document


def partitions_of(snapshot: Snapshot, chosen: Mapping[str, Any]) -> list[Document]:
    """The well-formed documents of a group's partitions."""
    return [one for one in snapshot.find(PARTITIONS, chosen) if partition_problem(one) is None]


def tell_partitions(snapshot: Snapshot, chosen: Mapping[str, Any], findings: Findings) -> None:
    """Malformed documents, and those of other groups or topics."""
    for document in snapshot.find(PARTITIONS, {}):
        identity, problem = document["_id"], partition_problem(document)
        if problem is not None:
            text = f"`partitions` holds {identity!r}: {problem}"
            findings.add(Kind.MALFORMED_PARTITION, text, partition=_partition(identity))
        elif {f"_id.{name}": identity[name] for name in ("group", "topic")} != chosen:
            _tell_other(PARTITIONS, identity, findings)


def read_letters(snapshot: Snapshot, topic: str, ledger: Ledger, findings: Findings) -> None:
    """Note every dead letter of the topic in the ledger."""
    for document in snapshot.find(REJECTED_EVENTS, {}, {"state": 1, "reason": 1, "replayed_as": 1}):
        identity, problem = document["_id"], letter_problem(document)
        if problem is not None:
            where = {"partition": identity["k"], "offset": identity["o"]} if is_letter(identity) else {}
            text = f"`{REJECTED_EVENTS}` holds {identity!r}: {problem}"
            findings.add(Kind.MALFORMED_LETTER, text, **where)
        if not is_letter(identity):
            continue
        if identity["topic"] == topic:
            ledger.letter(document)
        else:
            _tell_other(REJECTED_EVENTS, identity, findings)
    ledger.compact()


def _tell_other(collection: str, identity: Document, findings: Findings) -> None:
    text = f"`{collection}` holds {identity}: a database is of one group and topic, or their sums are mixed"
    findings.add(Kind.OTHER_GROUP, text, partition=identity["k"])


def _partition(identity: object) -> int | None:
    number = identity.get("k") if isinstance(identity, dict) else None
    return number if isinstance(number, int) else None
