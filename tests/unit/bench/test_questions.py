"""The plain style has an answer to each question of a dashboard."""

import pytest

from bench.serving.plain_style import RATINGS, SALES, asked
from bench.serving.questions import ROUTES, searches

QUESTIONS = {**ROUTES, **searches(1_000)}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_has_its_plain_style(name: str) -> None:
    plain = QUESTIONS[name].plain
    if plain is None:
        assert name in ("… from the middle on", "?name=, none found")
        return
    *_, question, about = plain.format(product=3).split("/")
    collection, stages = asked(question, about)
    assert collection in (SALES, RATINGS)
    assert "$match" in stages[0], "all events would be read"


def test_a_top_by_rating_ranks_averages() -> None:
    _, stages = asked("top-ratings", "rating,15m")
    assert stages[1] == {"$group": {"_id": "$product_id", "value": {"$avg": "$rating"}}}
    _, stages = asked("top-sales", "units,15m")
    assert stages[1]["$group"]["value"] == {"$sum": "$units"}


def test_one_product_is_found_by_equality_and_several_are_not() -> None:
    assert asked("hour", "3")[1][0]["$match"]["product_id"] == 3
    assert asked("ids", "3,4")[1][0]["$match"]["product_id"] == {"$in": [3, 4]}
    assert asked("month", "all")[1][0]["$match"].keys() == {"created_at"}
