"""Logs what is rejected: one line for many messages, by reason, and never what a message holds."""

import threading
from collections import Counter
from collections.abc import Iterable

from shared.documents import Document, coordinates_of
from shared.logs import logger

log = logger(__name__)


class RejectionLog:
    """Collects dead letters until `flush` logs them. From any thread; nothing blocks."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reasons: Counter[str] = Counter()
        self._samples: dict[str, str] = {}
        """By reason: the coordinates of its first dead letter, as `scripts.dead_letters show` takes them."""

    def note(self, dead_letters: Iterable[Document]) -> None:
        """Count dead letters that were committed."""
        with self._lock:
            for letter in dead_letters:
                self._reasons[letter["reason"]] += 1
                if letter["reason"] not in self._samples:
                    self._samples[letter["reason"]] = coordinates_of(letter)

    def flush(self) -> None:
        """Log in one line what was rejected since the last call, if anything was."""
        with self._lock:
            reasons, samples = self._reasons, self._samples
            self._reasons, self._samples = Counter(), {}
        if reasons:
            log.warning(
                "messages were rejected, they are stored as dead letters",
                rejected=reasons.total(), reasons=dict(reasons.most_common()), samples=samples,
            )  # fmt: skip
