"""Fetches Java programs by Maven: what a `pom.xml` names, if it is what the `jars.sha256` beside it lists.

A program is fetched once and then kept in a folder whose name holds a hash of `jars.sha256`. So a new version goes to
a new folder, for example `kafka-1a2b3c4d5e6f`, and no run of an older checkout loses its files.
"""

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
    """Return the folder below `cache` that holds the program's jars; fetch them if the folder is not there.

    `description` is the folder of `pom.xml` and `jars.sha256`. `name` is what messages call the program, and the
    beginning of the folder's name. Blocks while Maven fetches, or while another process fetches the same. Raises
    PartMissing where Maven cannot be had, cannot fetch, or brings other files than listed.
    """
    version = hashlib.sha256((description / CHECKSUMS).read_bytes()).hexdigest()[:12]
    folder = cache / f"{name.lower().replace(' ', '-')}-{version}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    # One process fetches; those that waited for the lock then find the folder.
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
        # The files get their final folder only now, so that nobody takes an interrupted download for the program.
        incomplete.rename(folder)


def checksums(description: Path) -> dict[str, str]:
    """Return the SHA-256 (hex) of every file that Maven must bring, by the file's name."""
    lines = (description / CHECKSUMS).read_text().splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


def _resolve(name: str, maven: Path, pom: Path, target: Path) -> None:
    arguments = ("--batch-mode", "--quiet", "--strict-checksums", "--file", str(pom))
    # The plugin is named in full. By its short name Maven says only that there is no such plugin, and keeps the reason
    # (no network, for example) to itself.
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
    """Raise PartMissing unless the folder holds exactly the wanted jars; `wanted` maps file names to SHA-256 in hex.

    The message names each jar that is missing, additional or altered.
    """
    found = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in folder.glob("*.jar")}
    if found != wanted:
        names = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
        raise PartMissing(f"Maven brought other files than {CHECKSUMS} names: {', '.join(names)}")
