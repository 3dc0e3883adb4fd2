"""Where a consumer can be made to die or to freeze, for the tests in `tests/faults`.

`FAILPOINT=after_insert:kill:3` ends the process, as kill -9 does, the third time that it passes `after_insert`;
`stop` freezes it there, as SIGSTOP does. Several are separated by commas. Without the variable `reach` is an empty
function, and it is passed some ten times a batch, never once an event.
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
    "replay_before_commit",
    "replay_after_commit",
)
STEPS: Final = frozenset((*CLAIM_STEPS, *BATCH_STEPS, *REBALANCE_STEPS, *REPLAY_STEPS))

_SIGNALS: Final = {"kill": signal.SIGKILL, "stop": signal.SIGSTOP}

log = logger(__name__)


@dataclass(frozen=True)
class Failpoint:
    """The signal that this process gets when it passes `step` for the `passage`-th time, counted from 1."""

    step: str
    signal: signal.Signals
    passage: int


def parse(text: str) -> list[Failpoint]:
    """`step:action:passage`, separated by commas. Raises ConfigurationError."""
    failpoints = []
    for part in text.split(","):
        step, _, rest = part.partition(":")
        action, _, passage = rest.partition(":")
        if step not in STEPS or action not in _SIGNALS or not passage.isascii() or not passage.isdigit():
            raise ConfigurationError(
                f"{VARIABLE}: {part!r} is not STEP:ACTION:PASSAGE with a step of {', '.join(sorted(STEPS))}, "
                f"an action of {', '.join(_SIGNALS)} and a number; unset it, it is for tests only"
            )
        failpoints.append(Failpoint(step, _SIGNALS[action], int(passage)))
    return failpoints


def _nothing(step: str) -> None:
    """What `reach` does unless a failpoint is set."""


reach: Callable[[str], None] = _nothing
"""Called as `failpoints.reach(step)`, by whichever thread passes the step."""


def arm() -> None:
    """Set what the environment asks for; once, at the start. Raises ConfigurationError."""
    global reach
    text = os.environ.get(VARIABLE)
    if text:
        failpoints, passages = parse(text), Counter[str]()

        def signal_at(step: str) -> None:
            passages[step] += 1
            for failpoint in failpoints:
                if (failpoint.step, failpoint.passage) == (step, passages[step]):
                    # To this thread: sent to the process, another may take it, and this one goes on for a moment.
                    signal.pthread_kill(threading.get_ident(), failpoint.signal)

        log.warning("failpoints are set, this is a test", failpoints=text)
        reach = signal_at
