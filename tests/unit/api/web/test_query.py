"""What a query string is answered with."""

import pytest

from api.web.parameters import Whole
from api.web.problems import Problem
from api.web.query import QueryReader, no_query

LEAVE_OUT = "No query parameter has a meaning here. None is ignored, since it may be a misspelt one. Leave out: "

LIMIT = Whole("limit", 1, 100, description="How many.", example="10")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("limit=5", "limit"),
        ("limit=5&limit=6", "limit"),
        ("a&b=1", "a, b"),
        ("=", "the empty one"),
        ("&", "the empty one"),
        ("&&a&", "the empty one, a"),
        ("1=1&2=1&3=1&4=1&4=2", "1, 2, 3 and 1 more"),
        ("a%20b=1", "a%20b"),
        ("version=2", "version"),
        ("v=1.5", "v"),
        ("r=north", "r"),
        ("t=17", "t"),
        ("time=2026-06-01", "time"),
        ("ver", "ver"),
        ("7", "7"),
    ],
)
def test_each_name_is_said_once_and_as_it_was_sent(query: str, names: str) -> None:
    assert no_query(query).message == LEAVE_OUT + names


@pytest.mark.parametrize(
    "query",
    [
        "_=1", "%5F=1", "%5fdc=1", "_dc=1", "cb=x", "No-Cache=1", "nocache", "cache%42uster=9", "a=b&_=1",
        "1767225600", "1767225600000=", "0.8423", "0.8423=", "v=1767225600", "t=1767225600000", "r=0.8423", "r=.8423",
        "time=123456789", "version=0.5",
    ],
)  # fmt: skip
def test_a_cache_buster_is_recognised_also_encoded(query: str) -> None:
    message = no_query(query).message
    assert message.startswith(LEAVE_OUT)
    assert "This looks like a cache buster" in message


@pytest.mark.parametrize("value", ["12345678", "", "1.5", "0.", "x123456789"])
def test_a_name_with_other_meanings_needs_a_time_or_a_random_number(value: str) -> None:
    for name in ("r", "t", "time", "v", "ver", "version"):
        assert "cache buster" not in no_query(f"{name}={value}").message


@pytest.mark.parametrize(
    ("query", "left_out"),
    [
        (b"Limit=5", "Limit. Perhaps limit was meant"),
        (b"limt=5&offset=6", "limt, offset. Perhaps limit was meant"),
        (b"limit=5&&", "the empty one"),
        (b"limit=5&x%FF=1", "x%FF"),
        (b"q=1", "q"),
    ],
)
def test_an_unknown_name_is_never_ignored(query: bytes, left_out: str) -> None:
    reader = QueryReader((LIMIT,))
    with pytest.raises(Problem) as raised:
        reader.read(query)
    assert raised.value.message == (
        "This address takes the query parameter limit, and no other. None is ignored, since it may be a misspelt one. "
        f"Leave out: {left_out}"
    )


def test_a_cache_buster_beside_parameters_gets_its_hint() -> None:
    with pytest.raises(Problem, match=r"Leave out: _\. This looks like a cache buster"):
        QueryReader((LIMIT,)).read(b"limit=5&_=1780315198500")
