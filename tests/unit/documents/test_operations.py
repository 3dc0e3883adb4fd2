"""The tables of settings, reasons and metrics in docs/operations.md say what the code says."""

import re
from pathlib import Path

from prometheus_client import Counter, Gauge, Histogram
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from consumer.process import metrics
from shared.events import Reason
from shared.settings import ApiSettings, ConsumerSettings, KafkaSettings, SharedSettings
from stack.settings import StackSettings

OPERATIONS = (Path(__file__).parents[3] / "docs/operations.md").read_text()


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


def test_every_setting_has_its_row() -> None:
    missing = [row for row in rows() if row not in OPERATIONS]
    assert not missing, "docs/operations.md lacks these rows:\n" + "\n".join(missing)


def test_no_row_describes_a_setting_that_is_gone() -> None:
    documented = re.findall(r"^\| `([A-Z][A-Z_]+)` \|", OPERATIONS, re.MULTILINE)
    assert len(documented) == len(set(documented)) == len(rows())


def test_every_reason_is_explained() -> None:
    section = OPERATIONS.partition("## Reasons of rejections")[2].partition("\n## ")[0]
    explained = re.findall(r"^\| `([a-z_]+)` \|", section, re.MULTILINE)
    assert explained == [reason.value for reason in Reason]


def test_every_metric_of_the_consumer_is_explained() -> None:
    section = OPERATIONS.partition("## Metrics")[2].partition("\n## ")[0]
    explained = set(re.findall(r"`(consumer_[a-z_]+)", section))
    made = {one for one in vars(metrics).values() if isinstance(one, Counter | Gauge | Histogram)}
    names = {family.name + "_total" * (family.type == "counter") for one in made for family in one.collect()}
    assert explained == names
