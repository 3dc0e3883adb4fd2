"""The query parameters that say which time an answer is about: several routes take them."""

from enum import StrEnum
from typing import Final

from api.reads.spans.windows import Window
from api.web.parameters import Choice


class Compare(StrEnum):
    """What an answer can be compared with."""

    PREVIOUS = "previous"


WINDOW: Final = Choice(
    "window",
    Window,
    description="How far back the answer looks. `15m`, `1h` and `24h` are to the second, `7d` and `30d` begin at a "
    "full hour (UTC); the header `Data-Window` has the span.",
    example="24h",
)
COMPARE: Final = Choice(
    "compare",
    Compare,
    description="`previous` adds the time before, which is as long. Both end with what is complete, by `Data-As-Of`; "
    "totals of `7d` and `30d` at its last full quarter hour. The header `Data-Window` has the span.",
    example="previous",
)
