"""How Python runs the consumer's two busy threads and collects what they leave."""

from shared import interpreter


def prepare() -> None:
    """Call once, when what lives as long as the process has been made.

    The database thread waits for MongoDB seven times a batch, and each time for the polling thread to let it go on;
    MongoDB stands idle meanwhile. Batches are hundreds of thousands of small objects without cycles, which the
    collector would walk again and again: it waits until there are more than all batches have.
    """
    interpreter.prepare((1_000_000, 20, 20))
