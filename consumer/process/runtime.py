"""How Python runs the consumer's two busy threads and collects what they leave."""

import gc
import sys
from typing import Final

SWITCH_SECONDS: Final = 0.0005
"""A tenth of Python's own: how long a thread computes while the other has an answer of MongoDB to go on with."""


def tune_python() -> None:
    """Call once, when what lives as long as the process has been made: the collector does not look at it again.

    The database thread waits for MongoDB seven times a batch, and each time for the polling thread to let it go on;
    MongoDB stands idle meanwhile. Batches are hundreds of thousands of small objects without cycles, which the
    collector would walk again and again: it waits until there are more than all batches have.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.freeze()
    gc.set_threshold(1_000_000, 20, 20)
