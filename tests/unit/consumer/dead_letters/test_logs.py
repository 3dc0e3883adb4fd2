"""What is rejected, and why copies fail, is logged in few lines: by reason and cause, with counts."""

from structlog.testing import capture_logs

from consumer.dead_letters.copy_failures import CopyFailures
from consumer.dead_letters.rejection_log import RejectionLog
from shared.documents import Document, rejected_id


def letter(reason: str, offset: int) -> Document:
    return {"_id": rejected_id("topic", 2, 3, offset), "reason": reason, "value": b"secret", "detail": "secret"}


def test_rejections_are_one_line_by_reason_with_a_sample_of_each_and_no_content() -> None:
    rejections = RejectionLog()
    with capture_logs() as logged:
        rejections.flush()
        rejections.note([letter("not_json", 7), letter("bad_amount", 8)])
        rejections.note([letter("bad_amount", 9)])
        rejections.flush()
        rejections.flush()
        rejections.note([letter("bad_amount", 10)])
        rejections.flush()
    first, second = logged
    assert first == {
        "event": "messages were rejected, they are stored as dead letters",
        "log_level": "warning",
        "module": "consumer.dead_letters.rejection_log",
        "rejected": 3,
        "reasons": {"bad_amount": 2, "not_json": 1},
        "samples": {"not_json": "3:7:2", "bad_amount": "3:8:2"},
    }
    assert (second["rejected"], second["samples"]) == (1, {"bad_amount": "3:10:2"})
    assert "secret" not in str(logged)


def test_each_cause_is_logged_once_until_a_round_without_failures() -> None:
    failures = CopyFailures("dlq")
    with capture_logs() as logged:
        failures.after_round({})
        failures.after_round({"away": 3})
        failures.after_round({"away": 3, "refused": 1})
        failures.after_round({"away": 4})
        failures.after_round({})
        failures.after_round({})
        failures.after_round({"away": 0})
    assert [(line["event"], line.get("reason"), line.get("letters")) for line in logged] == [
        ("dead letters wait to be copied", "away", 3),
        ("dead letters wait to be copied", "refused", 1),
        ("dead letters no longer wait to be copied", None, None),
        ("dead letters wait to be copied", "away", None),
    ]
    assert logged[2]["failed_copies"] == {"away": 10, "refused": 1}
    assert {line["topic"] for line in logged} == {"dlq"}
