"""How large a run of the benchmarks is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """Sizes and repetitions of a run. The defaults are those of a full run, which takes two hours.

    More of each gives steadier figures and takes longer. The report says what was used.
    """

    rounds: int = 5
    """How often each contestant has its turn: the fewest by which a median ignores two disturbed rounds."""
    events: int = 1_000_000
    """Events in the backlog of the throughput measures: this project works for eight seconds on it, and
    the slowest peer for forty."""
    worst_events: int = 1_000_000
    """Events in the backlog of the worst case."""
    products: int = 1_000
    """Products that the events are about."""
    many_products: int = 100_000
    """Products of the worst case."""
    seconds: float = 60.0
    """The most seconds that a contestant gets for a backlog."""
    plain_seconds: float = 15.0
    """The same for the plain style, whose rate is clear long before it has read the whole backlog."""
    waiting: int = 2_000_000
    """Events in the backlog of the memory measure."""
    rate: int = 1_000
    """Events a second of the steady stream beside which visibility is measured."""
    probes: int = 300
    """Events that are timed from publishing until they can be seen, in each round: three lie above the 99 %."""
    history: int = 20_000_000
    """Events of a long history."""
    short_history: int = 200_000
    """Events of a short history, which are all in the last hour."""
    old_hours: int = 40_000
    """Hours of products in the database that is sealed beside a backlog: some 300 MB, and more than one run seals."""
    sealed_products: int = 1_000
    """Products of the day whose storage is measured before and after it is sealed."""
    history_rounds: int = 9
    """How often each route is asked after a long and after a short history. Of fewer rounds the median changes by more
    than the goal (a tenth) from run to run: over fifteen routes, one of them then misses it."""
    boards: int = 11
    """How many boards of tops are measured, each by a process of its own: all kinds, of all products."""
    board_days: int = 30
    """Sealed days of each of the many products, which boards of long windows are loaded from. Three million documents;
    with a third of it they take a third of the time to make, and a board of 30 days to load."""
    top_answers: int = 200
    """Answers that are timed of each board: two lie above the 99 %."""
    top_probes: int = 60
    """Sales that are timed until they are in a top."""
    idle_seconds: float = 60.0
    """How long an API process is watched that nobody asks."""
    load_seconds: float = 5.0
    """How many seconds the API is under load at a time."""
    downloads: bool = True
    """Whether to run peers whose programs must be fetched."""


FULL = Options()
SHORT = Options(plain_seconds=8.0, worst_events=400_000, history=8_000_000, boards=4, board_days=10, idle_seconds=30.0)
SMOKE = Options(
    rounds=1,
    events=10_000,
    worst_events=10_000,
    products=100,
    many_products=2_000,
    plain_seconds=1.0,
    waiting=20_000,
    probes=10,
    history=15_000,
    short_history=5_000,
    old_hours=500,
    sealed_products=5,
    history_rounds=1,
    boards=1,
    board_days=2,
    top_answers=10,
    top_probes=1,
    idle_seconds=1.0,
    load_seconds=0.5,
    downloads=False,
)

SIZES = {"full": FULL, "short": SHORT, "smoke": SMOKE}
"""The sizes by name. `short` takes an hour. `smoke` takes ten minutes and only shows that everything runs."""
