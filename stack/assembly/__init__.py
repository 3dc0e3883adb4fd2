"""One stack: decided and prepared before anything starts, completed after everything has started.

In come settings and numbers of instances. Out come a plan, and parts that `supervision` can start in any order; then,
from the running parts, a complete stack: a replica set, a topic, services that answer. `stack.run` calls `assemble`;
the driver's process (`drivers/`) loads the plan and calls `ready`.

- `plan`: what one run consists of: folders, ports, addresses, kept as a file for the driver
- `assemble`: settings -> plan and parts: finds programs, writes configurations, replaces what is missing
- `ready`: sets up what the running parts need of each other, waits until the services answer
"""
