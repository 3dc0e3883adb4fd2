"""The pages in docs/operations say what the code says: settings, metrics, log lines and halts."""

import re
from pathlib import Path
from types import ModuleType

from prometheus_client import Counter, Gauge, Histogram
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from api import metrics as api_metrics
from consumer.process import metrics as consumer_metrics
from shared import errors
from shared.errors import Halt
from shared.settings import ApiSettings, ConsumerSettings, KafkaSettings, SharedSettings
from stack.settings import StackSettings
from tests.support.process import ROOT

PAGES = ROOT / "docs/operations"
SETTINGS = (PAGES / "settings.md").read_text()
METRICS = (PAGES / "metrics.md").read_text()
TROUBLESHOOTING = (PAGES / "troubleshooting.md").read_text()


def default(field: FieldInfo) -> str:
    """A setting's default as the table shows it."""
    if field.default is PydanticUndefined:
        return "required"
    value = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
    if isinstance(value, Path):
        value = value.name
    return f"`{str(value).lower() if isinstance(value, bool) else value}`" if value != "" else "empty"


def rows() -> list[str]:
    """A row for each setting, in the order of the code; a setting of several classes counts for the first."""
    seen: set[str] = set()
    lines = []
    groups = ((SharedSettings, "both"), (KafkaSettings, "consumer, publisher"), (ConsumerSettings, "consumer"))
    for model, whose in (*groups, (ApiSettings, "API"), (StackSettings, "`make`")):
        prefix = str(model.model_config.get("env_prefix", ""))
        for name, field in model.model_fields.items():
            if prefix + name not in seen:
                seen.add(prefix + name)
                lines.append(f"| `{(prefix + name).upper()}` | {whose} | {default(field)} | {field.description} |")
    return lines


def metric_names(module: ModuleType) -> set[str]:
    """The names under which Prometheus reads the metrics that a module makes."""
    made = {metric for metric in vars(module).values() if isinstance(metric, Counter | Gauge | Histogram)}
    return {family.name + "_total" * (family.type == "counter") for metric in made for family in metric.collect()}


def test_every_setting_has_its_row() -> None:
    missing = [row for row in rows() if row not in SETTINGS]
    assert not missing, "docs/operations/settings.md lacks these rows:\n" + "\n".join(missing)


def test_no_row_describes_a_setting_that_is_gone() -> None:
    documented = re.findall(r"^\| `([A-Z][A-Z_]+)` \|", SETTINGS, re.MULTILINE)
    assert len(documented) == len(set(documented)) == len(rows())


def test_every_metric_of_the_consumer_is_explained() -> None:
    section = METRICS.partition("## Metrics of the consumer")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(consumer_[a-z_]+)", section, re.MULTILINE)) == metric_names(consumer_metrics)


def test_every_metric_of_the_api_is_explained() -> None:
    section = METRICS.partition("## Metrics of the API")[2].partition("\n## ")[0]
    assert set(re.findall(r"^\| `(api_[a-z_]+)", section, re.MULTILINE)) == metric_names(api_metrics)


def test_log_lines_that_are_quoted_are_logged() -> None:
    found = re.findall(r'(?:[Tt]he log says|logs|^###)\s+"([^"]+)"', TROUBLESHOOTING, re.MULTILINE)
    quoted = [" ".join(text.split()) for text in found]
    assert len(quoted) > 5
    modules = [path for service in ("api", "consumer") for path in sorted((ROOT / service).rglob("*.py"))]
    # A text that does not fit on a line is written as several, side by side.
    source = re.sub(r'"\s*\n\s*"', "", "\n".join(path.read_text() for path in modules))
    assert [text for text in quoted if f'"{text}' not in source] == []


def test_halts_that_are_explained_are_there() -> None:
    explained = re.findall(r"^### (?:Partition halted: )?`(\w+)`$", TROUBLESHOOTING, re.MULTILINE)
    raised = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Halt)}
    assert set(explained) - {"ClockSkewed"} == raised - {"Halt", "PartitionRefused"}
