"""Defects of the API: of its answers, their as-of, tokens and validators."""

from tests.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = ()
