"""Averages as whole numbers: they compare as the fractions do."""

from fractions import Fraction
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from api.reads.top.measures import average_key, highest_average_key, rating_sum, ratings_of

RATINGS = st.lists(st.integers(0, 500), min_size=1, max_size=6)


def sum_of(ratings: list[int]) -> int:
    return sum(rating_sum(1, each) for each in ratings)


@given(st.integers(0, 2**40), st.integers(0, 2**48 - 1))
def test_the_two_numbers_of_ratings_add_up_side_by_side(ratings: int, total: int) -> None:
    assert ratings_of(rating_sum(ratings, total)) == (ratings, total)
    assert ratings_of(rating_sum(ratings, total // 2) + rating_sum(1, 0)) == (ratings + 1, total // 2)


@given(st.integers(1, 2**39), st.integers(0, 2**39), st.integers(1, 2**39), st.integers(0, 2**39))
def test_keys_compare_as_averages_do(ratings: int, total: int, others: int, others_total: int) -> None:
    mine, theirs = average_key(rating_sum(ratings, total)), average_key(rating_sum(others, others_total))
    average, other = Fraction(total, ratings), Fraction(others_total, others)
    assert (mine < theirs, mine == theirs) == (average < other, average == other)


def test_averages_that_are_next_to_each_other_have_different_keys() -> None:
    ratings = 10**12
    assert average_key(rating_sum(ratings, 1)) < average_key(rating_sum(ratings - 1, 1))


def test_without_a_rating_there_is_no_key_and_an_average_of_0_has_one() -> None:
    assert (average_key(0), average_key(rating_sum(3, 0))) == (0, 1)


@given(st.lists(st.integers(0, 500), max_size=6), RATINGS)
def test_no_choice_of_the_uncertain_ratings_has_a_higher_key(certain: list[int], uncertain: list[int]) -> None:
    highest = highest_average_key(sum_of(certain + uncertain), sum_of(uncertain))
    for count in range(len(uncertain) + 1):
        for chosen in combinations(uncertain, count):
            assert average_key(sum_of([*certain, *chosen])) <= highest


def test_certain_ratings_have_the_key_of_their_average() -> None:
    rated = sum_of([400, 450])
    assert highest_average_key(rated, 0) == average_key(rated)
