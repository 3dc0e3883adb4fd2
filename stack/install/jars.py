"""Java programs: resolved once by Maven from a `pom.xml`, checked against `jars.sha256` beside it, kept in a folder."""

import hashlib
import re
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from filelock import FileLock

from stack.errors import PartMissing
from stack.install import packages
from stack.install.packages import Say

CHECKSUMS = "jars.sha256"


def fetch(name: str, description: Path, cache: Path, say: Say) -> Path:
    """The folder below `cache` of the jars that the folder `description` describes, filled on first use.

    `name` is what the user is told, and what the folder is called. Raises PartMissing where that cannot be done.
    """
    version = hashlib.sha256((description / CHECKSUMS).read_bytes()).hexdigest()[:12]
    folder = cache / f"{name.lower().replace(' ', '-')}-{version}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    # One process fetches, those that came at the same time find it done.
    with FileLock(folder.with_suffix(".lock")):
        if not folder.is_dir():
            _fetch(name, description, folder, say)
    return folder


def _fetch(name: str, description: Path, folder: Path, say: Say) -> None:
    wanted = checksums(description)
    maven = packages.require("mvn", "maven", say)
    say(f"fetching {name} by Maven ({len(wanted)} files, 40 MB)")
    with TemporaryDirectory(dir=folder.parent) as scratch:
        incomplete = Path(scratch) / "jars"
        _resolve(name, maven, description / "pom.xml", incomplete)
        verify(incomplete, wanted)
        # Renamed only once complete and checked: an interrupted download is never taken for the program.
        incomplete.rename(folder)


def checksums(description: Path) -> dict[str, str]:
    """SHA-256 of every file that Maven must bring, by name."""
    lines = (description / CHECKSUMS).read_text().splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


def _resolve(name: str, maven: Path, pom: Path, target: Path) -> None:
    arguments = ("--batch-mode", "--quiet", "--strict-checksums", "--file", str(pom))
    # In full: of a plugin by its short name Maven says only that it found none, not what kept it from fetching it.
    goal = (
        "org.apache.maven.plugins:maven-dependency-plugin:copy-dependencies",
        "-DincludeScope=runtime",
        f"-DoutputDirectory={target}",
    )
    result = subprocess.run(  # noqa: S603
        (str(maven), *arguments, *goal), capture_output=True, text=True, check=False
    )
    if result.returncode:
        reason = re.search(r"\[ERROR\] (.*?)(?: -> \[Help 1\])?$", result.stdout, re.MULTILINE)
        raise PartMissing(f"Maven could not fetch {name}: {reason.group(1) if reason else 'no reason given'}")


def verify(folder: Path, wanted: dict[str, str]) -> None:
    """Raise PartMissing unless the folder's jars are exactly the wanted ones, by name and SHA-256."""
    found = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in folder.glob("*.jar")}
    if found != wanted:
        names = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
        raise PartMissing(f"Maven brought other files than {CHECKSUMS} names: {', '.join(names)}")
