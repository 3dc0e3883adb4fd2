"""What a document lacked at the audit's moment, added to what it holds when the repair writes it. Pure.

Why that is right at any later moment: a consumer or a replay stores an event and adds it to the sums in one
transaction. So what it does after the audit's moment raises what the raw events give and what the document holds by the
same amount, and what the document lacks stays the same. Example, the amount of a product's hour:

                                    the raw events give    the document holds    it lacks
    at the audit's moment                        300.00                200.00      100.00
    a consumer stores a sale of 50               350.00                250.00      100.00
    the repair adds what was lacking             350.00                350.00        0.00

So the repair does not have to read a whole day's events inside its transaction, while the consumer of that partition
would have to wait. It must be sure of one thing: that nobody else changed the sums without an event, such as another
repair (`transactions` checks that).

Sealing may move what the document holds into the day's sealed document meanwhile. What the two lack together stays the
same, so it is added to the document that is left, or made anew:

                                    the raw events give    hour + day hold       they lack
    at the audit's moment                        300.00    200.00 +    0.00         100.00
    the hour is sealed                           300.00      0.00 +  200.00         100.00
    the repair adds what was lacking             300.00    100.00 +  200.00           0.00

What the hour had too much cannot be taken from it any more where it was sealed: of none of its sums less than
nothing may be left.
"""

from typing import Final

from scripts.audit.reading.packed_sums import is_within
from scripts.audit.sums.differences import Difference
from scripts.audit.sums.levels import NOT_A_SUM, Levels

_CHANGED: Final = "a document changed in another way than by adding events: run this again"


class NotRepaired(Exception):
    """Why the repair leaves some documents as they are; the text is for a person."""


def with_missing_sums(current: Levels, difference: Difference, unchanged: bool) -> Levels:
    """The levels that a repaired document must hold.

    `current` is what the document holds now, `difference` what the audit found at its moment. `unchanged` says that no
    event was stored in the partition since then. Raises NotRepaired.
    """
    expected, stored = difference.expected, difference.stored
    if NOT_A_SUM in (*current.values(), *stored.values()):
        if not unchanged:
            raise NotRepaired(
                "a stored value is not a number that could be added to, and events were stored meanwhile: "
                "stop the consumers and replays of this partition, then run this again"
            )
        if current != stored:
            raise NotRepaired(_CHANGED)
        return dict(expected)
    raised = {path: current.get(path, 0) + expected.get(path, 0) for path in dict.fromkeys([*expected, *current])}
    if not all(is_within(packed, raised.get(path, 0)) for path, packed in stored.items()):
        raise NotRepaired(_CHANGED)
    repaired = {path: packed - stored.get(path, 0) for path, packed in raised.items()}
    return {path: packed for path, packed in repaired.items() if packed}
