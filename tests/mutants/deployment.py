"""Defects of nginx's configuration, of MongoDB's users and of compose."""

from tests.mutants.mutant import Mutant

MUTANTS: tuple[Mutant, ...] = ()
