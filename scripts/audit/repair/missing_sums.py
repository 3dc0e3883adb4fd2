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
"""

from scripts.audit.sums.differences import Difference
from scripts.audit.sums.levels import NOT_A_SUM, Levels


class NotRepaired(Exception):
    """Why the repair leaves some documents as they are; the text is for a person."""


def with_missing_sums(current: Levels, difference: Difference, unchanged: bool) -> Levels:
    """The levels that a repaired document must hold.

    `current` is what the document holds now, `difference` what the audit found at its moment. `unchanged` says that no
    event was stored in the partition since then. Raises NotRepaired.
    """
    if NOT_A_SUM in (*current.values(), *difference.stored.values()):
        if not unchanged:
            raise NotRepaired(
                "a stored value is not a number that could be added to, and events were stored meanwhile: "
                "stop the consumers and replays of this partition, then run this again"
            )
        return dict(difference.expected)
    paths = dict.fromkeys([*difference.expected, *current, *difference.stored])
    lacking = {path: difference.expected.get(path, 0) - difference.stored.get(path, 0) for path in paths}
    repaired = {path: current.get(path, 0) + lacking[path] for path in paths}
    if any(packed < 0 for packed in repaired.values()):
        raise NotRepaired("a document changed in another way than by adding events: run this again")
    return {path: packed for path, packed in repaired.items() if packed}
