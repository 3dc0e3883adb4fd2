"""The hand-laid BSON of an event equals what the library encodes."""

from typing import Any

import bson
from hypothesis import given
from hypothesis import strategies as st

from consumer.events.encode import Encoder, as_document
from consumer.events.event import Event, Identity, Rated, Sold

INT64 = st.integers(0, 2**63 - 1)
INT32 = st.integers(0, 2**31 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=128)
EXTRA: st.SearchStrategy[dict[str, Any] | None] = st.none() | st.dictionaries(
    st.from_regex(r"[a-zé]{1,8}", fullmatch=True), TEXT | st.booleans() | st.none() | st.lists(INT32), min_size=1
)
UNKNOWN = st.tuples(EXTRA, st.none()) | st.tuples(st.none(), st.text(st.characters(exclude_categories=["Cs"])))
IDENTITY = st.none() | st.builds(Identity, TEXT, st.binary(min_size=16, max_size=16))


@st.composite
def events(draw: st.DrawFn) -> Event:
    unknown_fields, unknown_json = draw(UNKNOWN)
    more = unknown_fields, unknown_json, draw(IDENTITY)
    if draw(st.booleans()):
        return Sold(draw(INT64), draw(INT64), draw(TEXT), draw(INT32), draw(st.integers(0, 10**24 - 1)), *more)
    return Rated(draw(INT64), draw(INT64), draw(TEXT), draw(st.integers(0, 500)), draw(TEXT), *more)


@given(events(), INT32, INT64, INT32)
def test_it_is_what_the_library_encodes(event: Event, partition: int, offset: int, generation: int) -> None:
    assert Encoder(partition, generation).encode(event, offset) == bson.encode(
        as_document(event, partition, offset, generation)
    )
