"""What processes use: processor time and memory."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import psutil

SAMPLE_SECONDS = 0.05


def processor_seconds(processes: Sequence[psutil.Process]) -> float:
    """Processor time that these have used so far, in user and kernel mode."""
    return sum(sum(process.cpu_times()[:2]) for process in processes)


@dataclass
class Memory:
    """Resident memory of some processes together, in MiB, over time."""

    samples: list[float] = field(default_factory=list)

    @property
    def peak(self) -> float:
        """The most that was seen."""
        return max(self.samples)

    @property
    def growth(self) -> float:
        """Highest of the second half against highest of the first: 1 when it is flat."""
        half = len(self.samples) // 2
        return max(self.samples[half:]) / max(self.samples[:half])


@contextmanager
def watching(processes: Sequence[psutil.Process]) -> Iterator[Memory]:
    """Sample the memory of `processes` meanwhile."""
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
