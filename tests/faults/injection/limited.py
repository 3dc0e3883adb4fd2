"""The consumer with as much memory as `MEMORY_MIB` says and no more: `python -m tests.faults.injection.limited`.

The kernel counts what a process may write to that is its own: heaps, and the stacks of threads as large as they may
grow, so these are made small. Whoever asks for more is refused, and ends.
"""

import os
import resource
import sys

MIB = 1024 * 1024
STACK_BYTES = MIB


def main() -> None:
    """Limit this process and become the consumer; the C library sizes the stacks when a program starts."""
    resource.setrlimit(resource.RLIMIT_STACK, (STACK_BYTES, STACK_BYTES))
    most = int(os.environ["MEMORY_MIB"]) * MIB
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    os.execv(sys.executable, [sys.executable, "-m", "consumer"])  # noqa: S606  # no shell is wanted


if __name__ == "__main__":
    main()
