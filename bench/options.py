"""How large a run is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Options:
    """Sizes and repetitions; the defaults are those of the published report, `SMOKE` only shows that all of it runs."""

    rounds: int = 5
    events: int = 1_000_000
    """Backlog of the throughput measures."""
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


SMOKE = Options(
    rounds=1,
    events=20_000,
    many_products=2_000,
    peer_seconds=2.0,
    waiting=40_000,
    probes=10,
    history=40_000,
    short_history=10_000,
    load_seconds=0.5,
    downloads=False,
)
