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
    partitions,
    publishing,
    scripts,
    searching,
    storage,
)

MUTANTS = (
    *events.MUTANTS,
    *contract.MUTANTS,
    *storage.MUTANTS,
    *event_ids.MUTANTS,
    *partitions.MUTANTS,
    *dead_letters.MUTANTS,
    *audit.MUTANTS,
    *scripts.MUTANTS,
    *publishing.MUTANTS,
    *searching.MUTANTS,
    *api.MUTANTS,
    *dashboards.MUTANTS,
    *deployment.MUTANTS,
)
