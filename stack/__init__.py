"""The local stack: runs Kafka, MongoDB, nginx, API instances and consumers together on this machine.

In comes `python -m stack demo` or `up`, with the settings `STACK_…`. Out come running processes on 127.0.0.1, and their
data and logs in the folder `.state`. The Makefile calls it; tests and benchmarks take single parts, ports and waits
from it. The services do not know it.

In the order in which `make demo` passes through them:

- `__main__`: the commands, also the hidden ones that the stack starts itself
- `settings`: the environment variables `STACK_…`
- `run`: one run from start to end: `assembly` first, then `supervision`
- `assembly/`: settings -> the plan and its parts; later, running parts -> a complete stack
- `parts/`: how to configure and start each part
- `install/`: finds programs, or installs them
- `supervision/`: starts the parts and stops them together
- `drivers/`: the process that uses the running stack: the demonstration, or the hints of `make up`

For all of them: `ports` (which are free), `waiting` (until something is ready), `errors` (what can go wrong).
Beside the modules: `demo.ndjson` holds the demonstration's four messages, `kafka/` names the files that Kafka's program
consists of, and `environment.sh` makes the virtual environment.
"""
