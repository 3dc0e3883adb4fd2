"""What a request gets to see of the boards: one of them, at one second; or that there is none."""

from typing import NamedTuple

from api.reads.top.board import Board


class NotReady(Exception):
    """There is no board yet, or no board that is up to date. It soon will be."""


class View(NamedTuple):
    """A board as it answers at one second."""

    board: Board
    begin: int
    """The first second that counts, since 1970; in the board's first minute."""
    now: int
    """The present second. Events ahead of it count as well."""
    as_of: str | None
    """The time up to which the sums are complete, in RFC 3339. None when it is unknown."""
