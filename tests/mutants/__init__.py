"""Seeded defects: small changes of the code, each of which a test must notice (`make mutants`).

- `mutant`: what a mutant is, and how it is made in a copy of the project
- `events`, `storage`, `partitions`, `dead_letters`, `audit`, `scripts`, `api`, `deployment`: the mutants, by the part
  of the project that they change; `catalogue` holds all of them
- `scenarios`: the files of the fault suite, which finds many of them
- `__main__`: tries them; `test_mutants` holds in `make test` that each still applies
"""
