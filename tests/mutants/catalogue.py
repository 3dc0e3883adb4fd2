"""All mutants, in the order of the tables that `make mutants` prints and docs/guarantees.md quotes."""

from tests.mutants import (
    api,
    audit,
    contract,
    dashboards,
    dead_letters,
    deployment,
    event_ids,
    events,
    names,
    partitions,
    publishing,
    scripts,
    searching,
    storage,
    top,
)

MUTANTS = (
    *events.MUTANTS,
    *contract.MUTANTS,
    *storage.MUTANTS,
    *event_ids.MUTANTS,
    *partitions.MUTANTS,
    *dead_letters.MUTANTS,
    *audit.MUTANTS,
    *names.MUTANTS,
    *scripts.MUTANTS,
    *publishing.MUTANTS,
    *searching.MUTANTS,
    *api.MUTANTS,
    *dashboards.MUTANTS,
    *top.MUTANTS,
    *deployment.MUTANTS,
)
