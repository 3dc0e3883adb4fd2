"""Failpoints: steps at which a test in `tests/faults` can make a consumer, or a replay of dead letters, die or freeze.

The variable `FAILPOINT=after_events:kill:3` ends the process, as kill -9 does, the third time that it passes the step
`after_events`. `stop` in place of `kill` freezes it there, as SIGSTOP does. Commas separate several failpoints.

Without the variable `reach` is an empty function. It is called some ten times a batch, and never for a single event.
"""

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from shared.errors import ConfigurationError
from shared.logs import logger

VARIABLE: Final = "FAILPOINT"

CLAIM_STEPS: Final = ("claim_read", "claim_sessions_killed", "claim_raised", "claim_checked")
BATCH_STEPS: Final = (
    "before_offsets",
    "after_offsets",
    "after_event_ids",
    "after_events",
    "after_rollups",
    "after_totals",
    "after_products",
    "before_commit",
    "after_commit",
    "after_leases",
)
REBALANCE_STEPS: Final = ("assigned", "before_revoke", "after_revoke", "lost")
REPLAY_STEPS: Final = (
    "replay_before",
    "replay_after_states",
    "replay_after_events",
    "replay_after_event_ids",
    "replay_before_commit",
    "replay_after_commit",
)
SEAL_STEPS: Final = ("seal_read", "seal_added", "seal_before_commit", "seal_after_commit")
STEPS: Final = frozenset((*CLAIM_STEPS, *BATCH_STEPS, *REBALANCE_STEPS, *REPLAY_STEPS, *SEAL_STEPS))

_SIGNALS: Final = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}

log = logger(__name__)


@dataclass(frozen=True)
class Failpoint:
    """Sends `signal` to this process when it passes `step` for the `passage`-th time, counted from 1."""

    step: str
    signal: signal.Signals
    passage: int


def parse(text: str) -> list[Failpoint]:
    """Read the variable's text: `step:action:passage`, several separated by commas. Raises ConfigurationError."""
    failpoints = []
    for part in text.split(","):
        step, _, rest = part.partition(":")
        action, _, passage = rest.partition(":")
        if step not in STEPS or action not in _SIGNALS or not passage.isascii() or not passage.isdigit():
            raise ConfigurationError(
                f"{VARIABLE}: {part!r} is not STEP:ACTION:PASSAGE, where STEP is one of {', '.join(sorted(STEPS))}, "
                f"ACTION is {' or '.join(_SIGNALS)} and PASSAGE is a number; unset it, it is for tests only"
            )
        failpoints.append(Failpoint(step, _SIGNALS[action], int(passage)))
    return failpoints


def _nothing(step: str) -> None:
    """Do nothing. This is `reach` unless a failpoint is set."""


reach: Callable[[str], None] = _nothing
"""Called as `failpoints.reach(step)` by the thread that passes the step.

Import the module, not this name: `arm` replaces the function.
"""


def arm() -> None:
    """Set the failpoints that the environment names. Call once, at the start. Raises ConfigurationError."""
    global reach
    text = os.environ.get(VARIABLE)
    if text:
        failpoints, passages = parse(text), Counter[str]()

        def signal_at(step: str) -> None:
            passages[step] += 1
            for failpoint in failpoints:
                if (failpoint.step, failpoint.passage) == (step, passages[step]):
                    # The signal goes to this thread. If it went to the process, another thread might receive it, and
                    # this one would go on beyond the step for a moment.
                    signal.pthread_kill(threading.get_ident(), failpoint.signal)

        log.warning("failpoints are set, this is a test", failpoints=text)
        reach = signal_at
