"""Brings a board up to what batches have added since.

The batches of a partition must follow each other without a gap, in the generation and after the repairs of which the
board knows. Whatever is otherwise shows here, and makes the board begin anew: the documents were deleted meanwhile, an
operator accepted that the topic was created again, the audit changed sums, a backup was restored, a consumer of the
version before runs.
"""

from collections.abc import Iterable, Mapping, Sequence

from api.reads.top.board import Board
from api.reads.top.questions import Mark
from api.reads.top.source import rows_of
from shared.documents import Document

Ends = Mapping[int, Mark]
"""Up to where each partition's batches are stored."""


def may_follow(board: Board, ends: Ends) -> bool:
    """Whether the board can be brought up to these ends: of the same partitions, generations and repairs, and not
    behind what it holds."""
    return board.positions.keys() == ends.keys() and all(
        (mark.generation, mark.repairs) == (ends[partition].generation, ends[partition].repairs)
        and mark.offset <= ends[partition].offset
        for partition, mark in board.positions.items()
    )


def spans(boards: Sequence[Board], ends: Ends) -> dict[int, tuple[Mark, int]]:
    """What to read of each partition: from the earliest board's mark on to the end."""
    found = {}
    for partition, end in ends.items():
        first = min((board.positions[partition] for board in boards), default=end)
        if first != end:
            found[partition] = first, end.offset
    return found


async def apply(board: Board, batches: Iterable[Document]) -> bool:
    """Add what batches added, as far as the board lacks it. Returns False where one is missing in between."""
    for batch in batches:
        partition, offset = batch["_id"]["k"], batch["_id"]["o"]
        position = board.positions[partition]
        if offset < position.offset:
            continue
        if offset != position.offset:
            return False
        await board.add(rows_of(batch, board.measure))
        board.positions[partition] = position._replace(offset=batch["to"])
    return True
