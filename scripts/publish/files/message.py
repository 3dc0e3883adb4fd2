"""One message of a file, and what is wrong with a file as a whole."""

from typing import Final, NamedTuple

LONGEST_BYTES: Final = 1024 * 1024
"""A longer document, row or line is not kept in memory but reported. It is 16 times what consumers take, and what a
broker takes unless its settings were changed. At twice this, hostile files take twice the memory; at half, nothing that
consumers accept would be lost either."""
LONGEST_LINE_BYTES: Final = 64 * 1024 * 1024
"""A line that is sent as it is, unchecked, may be so long, to try what brokers and consumers do with it: as long as
Kafka's client takes. At twice this the client refuses it, at half some that it takes could not be tried."""


class FileMessage(NamedTuple):
    """A message, and the lines of the file from which it was read, counted from 1."""

    value: bytes
    line: int
    last_line: int
    problem: str = ""
    """What keeps it from being a message at all: then there is no value to send."""

    @property
    def origin(self) -> str:
        """Where the message was read, for a person."""
        return f"line {self.line}" if self.line == self.last_line else f"lines {self.line} to {self.last_line}"


def too_large(size: int) -> str:
    """What is wrong with a message of so many bytes."""
    return f"too_large: {size} bytes, of which consumers take 65536"


class UnfitFile(Exception):
    """The file as a whole cannot be read as messages; the text is a sentence for a person."""
