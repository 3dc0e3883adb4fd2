"""Why the contract says no to a message: as a value, and as the exception that carries it out of nested calls."""

from typing import NamedTuple, final

from shared.documents import Document
from shared.events import Reason


@final
class Rejection(NamedTuple):
    """A stable reason code for programs and statistics, and a detail for the person who mends the producer."""

    reason: Reason
    detail: str = ""
    first: Document | None = None
    """The place of the event that counted, `{p, i, t, k, o, g}`, where this one has the id `i` of that one."""


class Rejected(Exception):
    """Raised below `decode`, which catches it and returns its `rejection`. It never leaves the package."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.rejection = Rejection(reason, detail)
