"""Options become exactly the query that they mean, and what chooses too much is wrong usage."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import cast

import pytest
import typer

from consumer.events.rejection import Rejection
from scripts.common.console import LiteralConsole
from scripts.dead_letters.error_messages import require_a_choice
from scripts.dead_letters.replay import LETTERS_AT_ONCE, REPLAYED, Accepted, Replays
from scripts.dead_letters.replay_run import REPORTED_ONE_BY_ONE, replayed, report
from scripts.dead_letters.selection import Selection, WrongSelection
from shared.documents import Document, rejected_id
from shared.events import Reason

NOON, EVENING = datetime(2026, 6, 1, 12), datetime(2026, 6, 1, 18)


def test_since_is_included_and_until_is_not() -> None:
    query = Selection("t", since=NOON, until=EVENING).query()
    assert query == {
        "_id.topic": "t",
        "rejected_at": {"$gte": NOON.replace(tzinfo=UTC), "$lt": EVENING.replace(tzinfo=UTC)},
    }


def test_coordinates_without_a_generation_mean_every_generation() -> None:
    query = Selection("t", coordinates=("3:4711", "0:7:2")).query()
    assert query["$or"] == [{"_id.k": 3, "_id.o": 4711}, {"_id.k": 0, "_id.o": 7, "_id.g": 2}]


def test_everything_that_is_given_must_be_true_of_a_letter() -> None:
    query = Selection("t", ("1:2",), ("not_json", "empty"), (1, 2), ("new",), since=NOON).query()
    assert query.keys() == {"_id.topic", "$or", "reason", "_id.k", "state", "rejected_at"}
    assert query["reason"] == {"$in": ["not_json", "empty"]}
    assert query["_id.k"] == {"$in": [1, 2]}


@pytest.mark.parametrize(
    "coordinates", ["1", "1:", "-1:2", "1:2:3:4", "\u0661:\u0662", "1:2 ", "9" * 11 + ":1", "[/red]"]
)
def test_what_is_no_coordinates_is_wrong(coordinates: str) -> None:
    with pytest.raises(WrongSelection, match="is not PARTITION:OFFSET"):
        Selection("t", coordinates=(coordinates,)).query()


@pytest.mark.parametrize("wrong", [{"reasons": ("no_such",)}, {"states": ("old",)}])
def test_what_no_letter_can_have_is_wrong_and_the_known_are_named(wrong: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(WrongSelection, match=r"there are .*(bad_amount|replayed)"):
        Selection("t", **wrong).query()  # type: ignore[arg-type]


def test_a_state_alone_chooses_no_letters() -> None:
    with pytest.raises(typer.BadParameter, match="say which letters"):
        require_a_choice(Selection("t", states=("new",)), all_=False)
    require_a_choice(Selection("t", states=("new",)), all_=True)
    for narrow in (Selection("t", ("1:2",)), Selection("t", partitions=(0,)), Selection("t", until=NOON)):
        require_a_choice(narrow, all_=False)


class FakeReplays:
    """Accepts letters whose offset is even; remembers what it was asked to store."""

    def __init__(self) -> None:
        self.stored: list[int] = []
        self.kept: list[int] = []
        self.most = 0

    def judge(self, letter: Document) -> Accepted | Rejection:
        if letter["_id"]["o"] % 2:
            return Rejection(Reason.NOT_JSON, "a [/red] detail, with a comma")
        return Accepted(letter, None, 0, b"")  # type: ignore[arg-type]

    def keep(self, letter: Document, _: Rejection) -> None:
        self.kept.append(letter["_id"]["o"])

    def store(self, accepted: Sequence[Accepted]) -> list[tuple[Accepted, str]]:
        self.most = max(self.most, len(accepted))
        self.stored += [one.letter["_id"]["o"] for one in accepted]
        return [(one, REPLAYED) for one in accepted]


def letters(count: int) -> Iterable[Document]:
    return ({"_id": rejected_id("t", 1, 0, offset)} for offset in range(count))


def run(fake: FakeReplays, count: int, dry_run: bool = False) -> list[tuple[Document, str]]:
    replay = cast("Callable[..., Iterable[tuple[Document, str]]]", replayed)
    return list(replay(cast("Replays", fake), letters(count), dry_run))


def test_each_of_many_letters_is_stored_once_and_has_an_outcome() -> None:
    fake, count = FakeReplays(), 5 * LETTERS_AT_ONCE + 7
    outcomes = run(fake, count)
    assert sorted(fake.stored) == list(range(0, count, 2))
    assert fake.kept == list(range(1, count, 2))
    assert fake.most <= LETTERS_AT_ONCE
    assert sorted(letter["_id"]["o"] for letter, _ in outcomes) == list(range(count))
    assert sum(outcome == REPLAYED for _, outcome in outcomes) == len(fake.stored)


def test_a_dry_run_stores_nothing() -> None:
    fake = FakeReplays()
    outcomes = run(fake, 3 * LETTERS_AT_ONCE, dry_run=True)
    assert fake.stored == fake.kept == []
    assert {outcome for _, outcome in outcomes} == {
        "would be replayed",
        "rejected still: not_json, a [/red] detail, with a comma",
    }


def test_the_report_counts_all_and_explains_the_first_few(capsys: pytest.CaptureFixture[str]) -> None:
    count = 4 * REPORTED_ONE_BY_ONE
    assert not report(run(FakeReplays(), count), LiteralConsole())
    *explained, total = capsys.readouterr().out.splitlines()
    assert len(explained) == REPORTED_ONE_BY_ONE
    assert explained[0] == "0:1:1: rejected still: not_json, a [/red] detail, with a comma"
    assert total == f"{count // 2} rejected still: not_json, {count // 2} replayed"
    assert report(run(FakeReplays(), 1), LiteralConsole())
    assert report(run(FakeReplays(), 1, dry_run=True), LiteralConsole())
