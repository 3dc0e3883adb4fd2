"""Logs why dead letters are not copied: each cause once, however many letters and rounds it costs."""

from collections import Counter
from collections.abc import Mapping

from shared.logs import logger

log = logger(__name__)


class CopyFailures:
    """What keeps copies from being made at present. For one thread."""

    def __init__(self, topic: str) -> None:
        self._topic = topic
        self._failed: Counter[str] = Counter()
        """By cause: how many attempts to copy a letter it has failed, since it was logged."""

    def after_round(self, failed: Mapping[str, int]) -> None:
        """Log the causes that are new: `failed` says how many letters each kept from being copied in this round.

        0 stands for letters that were not counted. A round that copied letters, and failed none, ends all causes: it
        logs how many attempts failed, and a cause that comes again later is logged again.
        """
        for cause, letters in failed.items():
            if cause not in self._failed:
                counted = {"letters": letters} if letters else {}
                log.warning("dead letters wait to be copied", topic=self._topic, reason=cause, **counted)
        self._failed.update(failed)
        if not failed and self._failed:
            log.info("dead letters no longer wait to be copied", topic=self._topic, failed_copies=dict(self._failed))
            self._failed.clear()
