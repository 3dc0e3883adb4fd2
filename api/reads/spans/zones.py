"""The zones of the tz database, from the package tzdata alone.

A machine's own database (`/usr/share/zoneinfo`) is never looked at: its version differs from machine to machine, so two
instances could draw the border of a day at different moments.
"""

from functools import cache
from importlib import resources
from typing import Final
from zoneinfo import ZoneInfo

_PACKAGE: Final = "tzdata"


@cache
def zone_names() -> frozenset[str]:
    """The names of all zones, about 600, such as `Europe/Berlin`. Reads a file when it is called first."""
    return frozenset((resources.files(_PACKAGE) / "zones").read_text().split())


@cache
def zone(name: str) -> ZoneInfo:
    """The zone with this name; its `key` is the name. Raises KeyError for any text that is no name of a zone.

    A name is looked up in the list of names before it becomes part of a path, so `../../etc/passwd` opens nothing.
    Every zone is read once, in 0.2 ms, and stays in memory: all of them together take a few megabytes.
    """
    if name not in zone_names():
        raise KeyError(name)
    with (resources.files(_PACKAGE) / "zoneinfo" / name).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)
