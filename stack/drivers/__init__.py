"""The driver: the process that runs beside the parts, completes the stack and then uses it as a newcomer would.

In comes the plan's file. Out come lines for the person who started the stack, and an exit code; when the driver ends,
the supervisor stops everything. `stack.__main__` calls `demo` or `announce`. End-to-end tests call `client` and
`expectations`, also on stacks in containers.

- `client`: publishes, makes tokens and asks the API, by the project's own commands
- `expectations`: what the API must answer after what was published
- `demo`: the demonstration of `make demo`
- `announce`: what `make up` prints
"""
