"""The consumer with at most `MEMORY_MIB` MiB of memory: `python -m tests.faults.injection.limited`.

The kernel counts the private memory that a process may write to: its heap, and for each thread's stack the size to
which it may grow, which is why the stacks are made small. An allocation beyond the limit fails, and the consumer ends.
"""

import os
import resource
import sys

MIB = 1024 * 1024
STACK_BYTES = MIB
"""Of each thread. The usual 8 MiB each would count in full, and use up much of the limit without being touched."""


def main() -> None:
    """Limit this process, then replace it by the consumer.

    The limit of the stacks must be set before: the C library reads it when a program starts.
    """
    resource.setrlimit(resource.RLIMIT_STACK, (STACK_BYTES, STACK_BYTES))
    most = int(os.environ["MEMORY_MIB"]) * MIB
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    os.execv(sys.executable, [sys.executable, "-m", "consumer"])  # noqa: S606  # no shell is wanted


if __name__ == "__main__":
    main()
