"""Places in Kafka: what a person types, and to which generation of the topic an offset belongs."""

from typing import Any

import pytest

from scripts.common.fates.places import Place, generation_at, generations, parse_place


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("7@9908", Place(7, 9908)),
        ("7@9908:2", Place(7, 9908, 2)),
        ("7:9908", Place(7, 9908)),
        ("7:9908:2", Place(7, 9908, 2)),
        (" 0@0 ", Place(0, 0)),
        ("0@999999999999999999", Place(0, 10**18 - 1)),
    ],
)
def test_a_place_that_is_typed(typed: str, place: Place) -> None:
    assert parse_place(typed) == place
    assert parse_place(str(place)) == place


@pytest.mark.parametrize(
    "typed", ["", "7", "7@", "@7", "7@-1", "7@1@2", "7@1:", "7@٣", "7@1e3", "7@" + "9" * 30, "a@b"]
)
def test_what_is_no_place_is_a_sentence(typed: str) -> None:
    with pytest.raises(ValueError, match="PARTITION@OFFSET"):
        parse_place(typed)


def document(**fields: Any) -> dict[str, Any]:
    return {"generation": 2, "first_offset": 150, "next_offset": 200, "topic_id": "new"} | fields


def past(topic_id: str, next_offset: int = 100) -> dict[str, Any]:
    return {"generation": 1, "first_offset": 0, "next_offset": next_offset, "topic_id": topic_id}


@pytest.mark.parametrize(("offset", "generation"), [(0, 1), (99, 1), (100, None), (149, None), (150, 2), (10**9, 2)])
def test_offsets_of_one_topic_that_lost_some(offset: int, generation: int | None) -> None:
    stored = document(past=[past("new")])
    assert generation_at(stored, offset, "new") == generation
    assert generation_at(stored, offset, "") == generation
    assert generations(stored) == [2, 1]


def test_offsets_of_a_topic_that_was_made_again() -> None:
    stored = document(first_offset=0, past=[past("old")])
    assert generation_at(stored, 50, "new") == 2
    assert generation_at(stored, 50, "old") == 1
    assert generation_at(stored, 50, "unknown") is None
    assert generation_at(document(first_offset=0), 0, "newer") is None


def test_a_partition_that_lost_its_newest_records_is_read_again_from_there() -> None:
    assert generation_at(document(first_offset=80, past=[past("new")]), 90, "new") == 2
