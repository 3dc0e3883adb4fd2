"""The elements of ratings by bin: those of few ratings, which are at hand, and those of many, which are encoded."""

import bson
from hypothesis import given
from hypothesis import strategies as st

from consumer.batches.sums import BIN_BITS
from consumer.storage.statements.bins import bin_fields
from consumer.storage.statements.bson_parts import embedded

COUNTS = st.one_of(st.just(0), st.integers(0, 40), st.integers(0, 2**31 - 1))


@given(st.lists(COUNTS, min_size=10, max_size=10), st.sampled_from([b"", b"b.3.", b"b.3.m.31."]))
def test_each_bin_that_has_ratings_is_an_element(counts: list[int], prefix: bytes) -> None:
    bins = sum(count << BIN_BITS * bin_ for bin_, count in enumerate(counts))
    expected = {f"{prefix.decode()}{bin_}": count for bin_, count in enumerate(counts) if count}
    assert bson.decode(embedded(bin_fields(prefix, bins))) == expected
