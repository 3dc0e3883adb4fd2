"""Defects of the operators' and developers' commands."""

from tests.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = ()
