"""What a query string is answered with."""

import pytest

from api.web.query import no_query

LEAVE_OUT = "No query parameter has a meaning here. None is ignored, since it may be a misspelt one. Leave out: "


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
