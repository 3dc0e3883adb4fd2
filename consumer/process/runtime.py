"""Tunes Python for the consumer: how its two busy threads take turns, and how often garbage is collected."""

import gc
import sys
from typing import Final

SWITCH_SECONDS: Final = 0.0005
"""How long a thread computes before Python lets another thread go on that waits for its turn.

It is a tenth of Python's own 5 ms, which made a commit beside a busy polling thread take a fifth longer
(docs/performance.md). Nothing else was measured. At twice this, the database thread waits twice as long for its turn,
some seven times a batch; at half, both threads spend more of their time on switching.
"""


def tune_python() -> None:
    """Set the switch interval and the garbage collector's thresholds. Call once, before the first message is read.

    Up to seven times a batch, the database thread has an answer of MongoDB and waits for the polling thread to let it
    go on. MongoDB is idle for that time, so the threads take turns more often than Python's default has it.

    A batch is hundreds of thousands of small objects without reference cycles. The collector finds nothing among them,
    but would walk through them again and again. So it runs only when a million more objects were made than freed,
    which is more than all batches in memory have. What was made before this call, such as imported modules, it never
    looks at again.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.freeze()
    gc.set_threshold(1_000_000, 20, 20)
