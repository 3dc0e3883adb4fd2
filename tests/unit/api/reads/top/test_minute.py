"""One minute's sums, packed and taken out again."""

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from api.reads.top.minute import MinuteSums

SUMS = st.sampled_from([1, 255, 10_000, 10**18, 10**24]) | st.integers(1, 10**9)
ROWS = st.lists(st.tuples(st.integers(0, 300) | st.integers(0, 10**6), SUMS), max_size=200)


@settings(max_examples=50, deadline=None)
@given(st.lists(ROWS, max_size=3), st.integers(0, 10**6))
def test_what_was_packed_is_what_was_added(parts: list[list[tuple[int, int]]], first: int) -> None:
    """Also where late events of a product come after it was packed."""

    async def scenario() -> tuple[dict[int, int], int]:
        minute = MinuteSums()
        for part in [*parts, [(first + number, 7) for number in range(70)]]:
            for number, added in part:
                minute.add(number, added)
            await minute.pack()
        return await minute.added_up(), len(minute)

    wanted: dict[int, int] = {}
    for number, added in [row for part in parts for row in part] + [(first + number, 7) for number in range(70)]:
        wanted[number] = wanted.get(number, 0) + added
    assert asyncio.run(scenario()) == (wanted, 0)
