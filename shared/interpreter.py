"""How Python runs busy threads and collects what they leave."""

import gc
import sys
from typing import Final

SWITCH_SECONDS: Final = 0.0005
"""A tenth of Python's own: how long a thread computes while another has MongoDB to ask, or its answer to go on with."""


def prepare(gc_threshold: tuple[int, int, int]) -> None:
    """Call once, when what lives as long as the process has been made: it is not looked at again.

    `gc_threshold` is the collector's, as `gc.set_threshold` takes it.
    """
    sys.setswitchinterval(SWITCH_SECONDS)
    gc.freeze()
    gc.set_threshold(*gc_threshold)
