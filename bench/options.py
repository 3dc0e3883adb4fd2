"""How large a run is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """Sizes and repetitions; the defaults are the full ones."""

    rounds: int = 5
    events: int = 1_000_000
    """Backlog of the throughput measures."""
    worst_events: int = 1_000_000
    """The same of the worst case."""
    products: int = 1_000
    many_products: int = 100_000
    seconds: float = 60.0
    """Most time that a contestant gets for a backlog."""
    peer_seconds: float = 15.0
    """The same for peers that are far from the goal: a rate needs no more."""
    waiting: int = 2_000_000
    """Backlog of the memory measure."""
    rate: int = 1_000
    """Events a second of the steady stream."""
    probes: int = 300
    history: int = 20_000_000
    short_history: int = 200_000
    load_seconds: float = 5.0
    """How long the API is asked at a time."""
    downloads: bool = True
    """Whether peers may be used whose programs have to be fetched."""


FULL = Options()
SHORT = Options(peer_seconds=8.0, seconds=25.0, worst_events=400_000, history=8_000_000)
SMOKE = Options(
    rounds=1,
    events=10_000,
    worst_events=10_000,
    products=100,
    many_products=2_000,
    peer_seconds=1.0,
    waiting=20_000,
    probes=10,
    history=15_000,
    short_history=5_000,
    load_seconds=0.5,
    downloads=False,
)

SIZES = {"full": FULL, "short": SHORT, "smoke": SMOKE}
"""`short` fits into half an hour; `smoke` only shows that everything runs, without peers that have to be fetched."""
