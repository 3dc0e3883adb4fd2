"""What each kind of query parameter takes, and what is said of anything else."""

from enum import StrEnum
from typing import Any

import pytest

from api.reads.spans.zones import zone, zone_names
from api.web.parameter import Parameter
from api.web.parameters import Choice, Ids, Text, Whole, Zone
from api.web.problems import Problem
from api.web.query import NO_QUERY, QueryReader


class Size(StrEnum):
    SMALL = "s"
    LARGE = "l"


SIZE = Choice("size", Size, description="How large.", example="s", default=Size.LARGE)
LIMIT = Whole("limit", 1, 100, description="How many.", example="10", default=20)
IDS = Ids("ids", description="Which.", example="1,2")
ZONE = Zone("tz", description="Where.", example="Europe/Berlin", default=zone("UTC"))
NAME = Text("name", 5, description="What.", example="cha", required=True)
ALL: tuple[Parameter[Any], ...] = (SIZE, LIMIT, IDS, ZONE, NAME)
READER = QueryReader(ALL)


def message(query: bytes, *parameters: Parameter[Any]) -> str:
    """What the error says that this query is answered with."""
    with pytest.raises(Problem) as raised:
        QueryReader(parameters or ALL).read(query)
    assert raised.value.status == 400
    return raised.value.message


def test_an_endpoint_gets_typed_values_and_defaults() -> None:
    query = READER.read(b"name=St%C3%BChl&ids=3,0,9223372036854775807")
    assert query[NAME] == "Stühl"
    assert query[IDS] == (3, 0, 2**63 - 1)
    assert (query[SIZE], query[LIMIT], query[ZONE].key) == (Size.LARGE, 20, "UTC")
    given = READER.read("size=s&limit=100&tz=America/Argentina/Buenos_Aires&name=ü+".encode())
    assert given[SIZE] is Size.SMALL
    assert (given[LIMIT], given[ZONE].key, given[NAME]) == (100, "America/Argentina/Buenos_Aires", "ü ")
    assert given.get(IDS) is None
    with pytest.raises(KeyError):
        given[IDS]


def test_without_a_query_the_same_defaults_are_given_each_time() -> None:
    reader = QueryReader((SIZE, IDS))
    assert reader.read(b"") is reader.read(b"")
    assert reader.read(b"")[SIZE] is Size.LARGE
    assert QueryReader().read(b"").names() == NO_QUERY.names() == frozenset()


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (b"size=m", 'The query parameter size is "m". It must be s or l'),
        (b"size=S", 'The query parameter size is "S". It must be s or l'),
        (b"size=", "The query parameter size is empty. It must be s or l"),
        (b"size", "The query parameter size is empty. It must be s or l"),
        (b"size=s&size=s", "The query parameter size is given several times. It must be given once"),
        (b"size=s&s%69ze=l", "The query parameter size is given several times. It must be given once"),
        (b"size=%73%", 'The query parameter size is "%73%". It must be UTF-8 in percent-encoding'),
        (b"size=%E2%82", 'The query parameter size is "%E2%82". It must be UTF-8 in percent-encoding'),
        (b"size=\xff", 'The query parameter size is "ÿ". It must be UTF-8 in percent-encoding'),
        (b"size=%E2%80%AE%00", 'The query parameter size is "\\u202e\\u0000". It must be s or l'),
        (b"size=" + 41 * b"x", f'The query parameter size is "{40 * "x"}…". It must be s or l'),
        (b"limit=0", 'The query parameter limit is "0". It must be a whole number from 1 to 100 in plain digits'),
        (b"size=s", "The query parameter name is missing. It must be text of 1 to 5 characters, none of them a control "
         "character"),
        (b"", "The query parameter name is missing. It must be text of 1 to 5 characters, none of them a control "
         "character"),
    ],
)  # fmt: skip
def test_an_error_says_what_was_given_and_what_is_allowed(query: bytes, said: str) -> None:
    assert message(query) == said


@pytest.mark.parametrize(
    "text", ["101", "-1", "010", "+1", "1.0", "1e1", " 1", "\u0661", "\uff19", "9" * 5000, "1_0", "0x1"]
)
def test_a_number_has_one_spelling(text: str) -> None:
    with pytest.raises(Problem, match="It must be a whole number from 1 to 100"):
        LIMIT.read(text)
    assert LIMIT.read("1") == 1


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1,1", '"1,1", which names 1 twice.'),
        ("1,", '"".'),
        (",", '"".'),
        ("1, 2", '" 2".'),
        ("1,02", '"02".'),
        ("1;2", '"1;2".'),
        ("[1,2]", '"[1".'),
        ("9223372036854775808", '"9223372036854775808".'),
        (",".join(map(str, range(101))), '"0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16…", with 101 ids.'),
    ],
)
def test_ids_are_different_and_plain(text: str, found: str) -> None:
    with pytest.raises(Problem) as raised:
        IDS.read(text)
    assert raised.value.message.startswith(f"The query parameter ids is {found} It must be 1 to 100 different ids")


def test_a_hundred_ids_are_read() -> None:
    assert IDS.read(",".join(map(str, range(100)))) == tuple(range(100))


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/localtime", "europe/berlin", "Europe/", "Europe", "localtime", "posixrules", "."]
)
def test_a_name_that_is_no_zone_opens_no_file(name: str) -> None:
    with pytest.raises(Problem, match="It must be the name of a zone"):
        ZONE.read(name)
    with pytest.raises(KeyError):
        zone(name)


def test_every_zone_of_the_database_can_be_read() -> None:
    assert len(zone_names()) > 590
    assert {ZONE.read(name).key for name in zone_names()} == zone_names()


def test_a_plus_that_became_a_space_is_explained() -> None:
    assert READER.read(b"tz=Etc/GMT%2B5&name=a")[ZONE].key == "Etc/GMT+5"
    assert message(b"tz=Etc/GMT+5&name=a").startswith(
        'The query parameter tz is "Etc/GMT 5", and a + is written %2B in a query. It must be the name of a zone'
    )


@pytest.mark.parametrize("text", ["\0", "a\nb", "\x7f", "\x9b", "123456"])
def test_text_is_short_and_has_no_control_characters(text: str) -> None:
    with pytest.raises(Problem, match="It must be text of 1 to 5 characters, none of them a control character"):
        NAME.read(text)
    assert NAME.read("😀😀😀😀😀") == "😀😀😀😀😀"


@pytest.mark.parametrize("parameter", ALL)
def test_what_openapi_says_is_true(parameter: Parameter[Any]) -> None:
    documented = parameter.documented()
    assert parameter.read(str(documented["example"])) is not None
    assert documented["required"] is (parameter is NAME)
    schema = documented["schema"]
    if "default" in schema:
        assert parameter.read(str(schema["default"])) == parameter.default
    assert schema.get("enum", ["s", "l"]) == ["s", "l"]


def test_two_parameters_of_a_route_have_different_names() -> None:
    with pytest.raises(ValueError, match="two parameters have the same name"):
        QueryReader((SIZE, SIZE))
