"""The hand-laid BSON of an event equals what the library encodes."""

from typing import Any

import bson
from hypothesis import given
from hypothesis import strategies as st

from consumer.events.encode import Encoder, as_document
from consumer.events.event import Event, Rated, Sold

INT64 = st.integers(0, 2**63 - 1)
INT32 = st.integers(0, 2**31 - 1)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=128)
EXTRA: st.SearchStrategy[dict[str, Any] | None] = st.none() | st.dictionaries(
    st.from_regex(r"[a-zé]{1,8}", fullmatch=True), TEXT | st.booleans() | st.none() | st.lists(INT32), min_size=1
)
EVENTS: st.SearchStrategy[Event] = st.one_of(
    st.builds(Sold, INT64, INT64, TEXT, INT32, st.integers(0, 10**24 - 1), EXTRA),
    st.builds(Rated, INT64, INT64, TEXT, st.integers(0, 500), TEXT, EXTRA),
)


@given(EVENTS, INT32, INT64, INT32)
def test_it_is_what_the_library_encodes(event: Event, partition: int, offset: int, generation: int) -> None:
    assert Encoder(partition, generation).encode(event, offset) == bson.encode(
        as_document(event, partition, offset, generation)
    )
