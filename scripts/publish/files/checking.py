"""Judges the messages of a file by the consumers' decoder, before they are sent, and reports those it rejects."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from consumer.events.decode import decode
from consumer.events.rejection import Rejection
from consumer.events.time_limits import TimeLimits
from scripts.publish.files.message import FileMessage
from scripts.publish.sending.records import TracedRecord

SHOWN_REJECTIONS: Final = 20
"""So many messages are named with their line and reason. Twice as many push the counts off a small terminal; half as
many send a person back to the same file sooner."""
UNREADABLE: Final = "unreadable"
"""Counts what is no message at all, such as an array that does not end."""


class Check:
    """Counts the messages of one file, and notes which ones consumers would reject.

    `retention_days` is the consumers'; None judges nothing, so only what is no message at all is left out. `clock`
    gives UTC milliseconds.
    """

    def __init__(self, retention_days: int | None, clock: Callable[[], int]) -> None:
        self.messages = 0
        self.by_reason: Counter[str] = Counter()
        self._retention_days = retention_days
        self._clock = clock
        self._first: list[str] = []
        self._bytes = 0
        self._is_line_each = True

    @property
    def rejected(self) -> int:
        """How many messages consumers would reject."""
        return self.by_reason.total()

    @property
    def readable_rejected(self) -> int:
        """How many of them are messages that could be sent all the same."""
        return self.rejected - self.by_reason[UNREADABLE]

    @property
    def why(self) -> str:
        """Why those are left out, for a sentence about them."""
        return "would not count" if self.readable_rejected else "could not be read"

    def are_lines(self, file_bytes: int) -> bool:
        """Whether the messages so far are the lines of a file of so many bytes, each just as it is.

        Then the file holds nothing but the messages and a line end behind each, or each but the last.
        """
        return self._is_line_each and file_bytes - self._bytes in (self.messages - 1, self.messages)

    def accepted(self, messages: Iterable[FileMessage]) -> Iterator[TracedRecord]:
        """Pass on the messages that consumers would accept, without keys, and note the others."""
        for message in messages:
            self.messages += 1
            self._bytes += len(message.value)
            self._is_line_each &= message.line == message.last_line == self.messages
            reason, detail = self._judged(message)
            if not reason:
                yield TracedRecord(None, message.value, message.origin)
                continue
            self.by_reason[reason] += 1
            if len(self._first) < SHOWN_REJECTIONS:
                self._first.append(f"  {message.origin}: {detail}")

    def report(self) -> list[str]:
        """The first rejected messages, a line each, and how many there are for each reason."""
        lines = list(self._first)
        if self.rejected > len(lines):
            lines.append(f"  and {self.rejected - len(lines):,} more")
        counts = ", ".join(f"{count:,} {reason}" for reason, count in self.by_reason.most_common())
        return [*lines, f"by reason: {counts}"]

    def _judged(self, message: FileMessage) -> tuple[str, str]:
        """The reason for which a message is rejected, and all that is known of it; empty for one that is accepted."""
        if message.problem:
            return UNREADABLE, message.problem
        if self._retention_days is None:
            return "", ""
        now = self._clock()
        verdict = decode(message.value, now, TimeLimits.at(now, self._retention_days))
        if not isinstance(verdict, Rejection):
            return "", ""
        reason = verdict.reason.value
        return reason, f"{reason}: {verdict.detail}" if verdict.detail else reason
