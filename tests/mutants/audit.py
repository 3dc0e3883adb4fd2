"""Defects of the audit and of its repair."""

from tests.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = ()
