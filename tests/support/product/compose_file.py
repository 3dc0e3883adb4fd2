"""docker-compose.yml and .env.example as data: the file with and without its variables, and the variables."""

import re
from functools import cache
from typing import Any

import yaml

from tests.support.process import ROOT

FILE = ROOT / "docker-compose.yml"

Service = dict[str, Any]

_VARIABLE = re.compile(r"\$\{(\w+)(?:(:-|:\?)([^}]*))?\}")


class _Strict(yaml.SafeLoader):
    """Fails when a mapping has a key twice, as compose does; YAML's usual readers take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge"]
        assert len(set(keys)) == len(keys), f"a key is there twice: {sorted(keys)}, {node.start_mark}"
        return super().construct_mapping(node, deep)


def _load(text: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.load(text, _Strict)  # noqa: S506
    return document


@cache
def raw() -> dict[str, Any]:
    """The file with anchors and merges resolved, and its variables as they are written."""
    return _load(FILE.read_text())


def interpolated() -> dict[str, Any]:
    """The file with each variable at its default, or at the word `given` where it has none."""
    return _load(_VARIABLE.sub(lambda match: match[3] if match[2] == ":-" else "given", FILE.read_text()))


def services() -> dict[str, Service]:
    """The services of `interpolated`, by name, with each mount in its long form."""
    found: dict[str, Service] = interpolated()["services"]
    for service in found.values():
        if "volumes" in service:
            service["volumes"] = [_mount(volume) for volume in service["volumes"]]
    return found


def _mount(volume: Any) -> dict[str, Any]:
    """A mount in its long form. The file uses the short form where a setting chooses between a volume and a folder."""
    if isinstance(volume, dict):
        return volume
    source, target, *options = volume.split(":")
    kind = "bind" if source.startswith((".", "/")) else "volume"
    return {"type": kind, "source": source, "target": target, "read_only": options == ["ro"]}


def variables() -> dict[str, set[tuple[str | None, str | None]]]:
    """By variable: each way in which the file uses it, comments left out.

    A way is `:-` and the default, `:?` and the message, or None and an empty text.
    """
    text = "\n".join(line for line in FILE.read_text().splitlines() if not line.lstrip().startswith("#"))
    found: dict[str, set[tuple[str | None, str | None]]] = {}
    for name, how, rest in _VARIABLE.findall(text):
        found.setdefault(name, set()).add((how or None, rest))
    return found


def example() -> dict[str, str]:
    """The variables of .env.example, with the values shown."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    assert len({name for name, _, _ in pairs}) == len(pairs), "a variable appears twice"
    return {name: value for name, _, value in pairs}
