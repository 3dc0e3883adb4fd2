"""Options, fixtures and the final table of the fault suite.

The short form runs with all other tests. `make faults` gives `--faults=full`, which runs every scenario with all its
faults. Every random choice comes from `--seed` and the scenario's name, so the same seed gives the same schedule.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import asdict
from pathlib import Path
from random import Random

import pytest
from rich.console import Console

from tests.faults.injection.proxy import Proxy
from tests.faults.scenario import Scenario
from tests.faults.table import Row, table
from tests.faults.traffic import SPREAD_SECONDS
from tests.faults.words import in_words
from tests.support.servers.interface import KafkaServer, MongoServer

ROW = "row of the table of faults"
TABLE_COLUMNS = 180

Start = Callable[..., Scenario]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("faults") == "full":
        return
    left_out = [item for item in items if item.get_closest_marker("full")]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    reports = [report for kind in terminalreporter.stats.values() for report in kind]
    # Where several processes run the tests, pytest hands the properties of their reports over to this one.
    rows = [
        Row(**value)
        for report in reports
        if getattr(report, "when", "") == "teardown"
        for name, value in report.user_properties
        if name == ROW
    ]
    if not rows:
        return
    seed, form = config.getoption("seed"), config.getoption("faults")
    terminalreporter.section(f"faults, {form} form, seed {seed} (again: make faults SEED={seed})")
    console = Console(width=TABLE_COLUMNS)
    with console.capture() as capture:
        console.print(table(rows))
    terminalreporter.write(capture.get())


@pytest.fixture
def full(request: pytest.FixtureRequest) -> bool:
    """Whether to inject every fault (`--faults=full`) or a few of each kind."""
    return bool(request.config.getoption("faults") == "full")


@pytest.fixture
def choose(request: pytest.FixtureRequest) -> Random:
    """Random numbers for this scenario alone."""
    return Random(f"{request.config.getoption('seed')} {request.node.name}")


@pytest.fixture
def row(request: pytest.FixtureRequest) -> Iterator[Row]:
    """This scenario's line in the table."""
    group = request.module.__name__.rpartition(".test_")[2].replace("_", " ")
    made = Row(group, in_words(request.node.name))
    yield made
    request.node.user_properties.append((ROW, asdict(made)))


@pytest.fixture
def start(kafka: KafkaServer, mongo: MongoServer, tmp_path: Path, choose: Random, row: Row) -> Iterator[Start]:
    """Makes this test's scenario: `start(partitions=12)`, or `start(mongo=members)` for another server."""
    with ExitStack() as stack:

        def make(
            partitions: int = 4,
            *,
            kafka: KafkaServer = kafka,
            mongo: MongoServer = mongo,
            with_ids: bool = False,
            spread_seconds: int = SPREAD_SECONDS,
        ) -> Scenario:
            one = Scenario(row, kafka, mongo, tmp_path, choose, partitions, with_ids, spread_seconds)
            return stack.enter_context(closing(one))

        yield make


@pytest.fixture
def proxy(mongo: MongoServer) -> Iterator[Proxy]:
    """A proxy before MongoDB, which consumers use when they get `MONGODB_URI=proxy.uri`."""
    with closing(Proxy(mongo.uri)) as made:
        yield made
