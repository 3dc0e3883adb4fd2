"""Programs that the stack runs: where they are on this machine, installed first where that is possible.

In comes a program's name, or a folder that describes a Java program. Out come paths of files that can be run, or
`PartMissing`, whose message says how to install the program. `parts/`, `assembly/`, tests and benchmarks call it.

- `packages`: programs of the system, by apt-get
- `jars`: Java programs, by Maven, compared with their checksums
"""
