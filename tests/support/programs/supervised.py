"""Runs shell commands under the real supervisor; the supervisor's tests run it as a separate process.

`python -m tests.support.programs.supervised FOLDER NAME=COMMAND…` runs each command in FOLDER, and prints the `Ending`
when all have ended. It stops a part named `last` after the others.
"""

import sys
from pathlib import Path

from stack.supervision.part import Part
from stack.supervision.supervisor import Supervisor


def main() -> None:
    folder = Path(sys.argv[1])
    supervisor = Supervisor(stopped_last={"last"}, stop_seconds=2)
    for argument in sys.argv[2:]:
        name, _, command = argument.partition("=")
        part = Part(name, ("sh", "-c", command), folder)
        supervisor.add_process(name, part.shell_command(), cwd=folder)
    sys.stdout.write(f"{supervisor.run()}\n")


if __name__ == "__main__":
    main()
