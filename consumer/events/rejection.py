"""Why a message is a dead letter, as a value and as the exception that carries it out of nested calls."""

from typing import NamedTuple, final

from shared.events import Reason


@final
class Rejection(NamedTuple):
    """A stable code, and a detail for a person."""

    reason: Reason
    detail: str = ""


class Rejected(Exception):
    """Raised inside decoding; `consumer.events.decode.decode` turns it into its `rejection`."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.rejection = Rejection(reason, detail)
