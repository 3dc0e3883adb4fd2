"""Measures what processes use: processor time and memory."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

SAMPLE_SECONDS = 0.05
"""The pause between two samples of memory, in seconds. Shorter peaks are missed: with twice of it more of them; half of
it would take twice the processor time from what is measured."""


def processor_seconds(processes: Sequence[psutil.Process]) -> float:
    """Return the processor seconds that these processes have used since their start, in user and kernel mode."""
    return sum(sum(process.cpu_times()[:2]) for process in processes)


@dataclass
class Memory:
    """Samples of the resident memory of some processes together, in MiB, in the order of time."""

    samples: list[float] = field(default_factory=list)

    @property
    def peak(self) -> float:
        """The highest sample, in MiB."""
        return max(self.samples)

    @property
    def growth(self) -> float:
        """The highest sample of the second half divided by that of the first half; 1.0 if the memory does not grow."""
        half = len(self.samples) // 2
        return max(self.samples[half:]) / max(self.samples[:half])


@contextmanager
def sample_memory(processes: Sequence[psutil.Process]) -> Iterator[Memory]:
    """Sample the memory of `processes` on a thread while the block runs; the samples end when a process ends."""
    memory, ended = Memory(), threading.Event()

    def sample() -> None:
        while not ended.wait(SAMPLE_SECONDS):
            try:
                memory.samples.append(sum(process.memory_info().rss for process in processes) / 2**20)
            except psutil.NoSuchProcess:
                return

    thread = threading.Thread(target=sample)
    thread.start()
    try:
        yield memory
    finally:
        ended.set()
        thread.join()
