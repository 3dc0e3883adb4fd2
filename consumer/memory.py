"""How Python looks for objects that only refer to each other."""

import gc


def collect_seldom() -> None:
    """Call once, when what lives as long as the process has been made.

    A batch is tens of thousands of small objects without cycles, which the collector would walk again and again.
    """
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
