"""Runs the parts of a stack together, and leaves none of them running.

In come parts, which are commands that were not started yet. Out comes the reason why the stack ended, once every part
has ended. `stack.run` calls the supervisor; `parts/`, tests and benchmarks make `Part`s.

- `part`: what it takes to start one part
- `running_part`: one part while it runs
- `supervisor`: all parts, from the first start to the last end
"""
