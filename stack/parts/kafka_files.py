"""Apache Kafka's program files, and the Java that runs them."""

import os
from pathlib import Path

<<<<<<< HEAD
from filelock import FileLock

=======
from stack import jars as java_programs
>>>>>>> 66c7f82 (Measure the consumer beside Kafka Connect, Quix Streams, FastStream, the plain style and the limit, in turn)
from stack import packages
from stack.packages import Say

DESCRIPTION = Path(__file__).parent.parent / "kafka"
LOGGING = DESCRIPTION / "log4j2.properties"


def java(say: Say) -> Path:
    """The Java that JAVA_HOME names, else the one on the PATH, else one installed. Raises PartMissing."""
    home = os.environ.get("JAVA_HOME")
    if home and (Path(home) / "bin" / "java").is_file():
        return Path(home) / "bin" / "java"
    return packages.require("java", "default-jre-headless", say)


def jars(cache: Path, say: Say) -> Path:
    """The folder of Kafka's jars below `cache`, filled on first use. Raises PartMissing where that cannot be done."""
<<<<<<< HEAD
    wanted = checksums()
    version = hashlib.sha256(CHECKSUMS.read_bytes()).hexdigest()[:12]
    folder = cache / f"kafka-{version}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    # One process fetches, those that came at the same time find it done.
    with FileLock(cache / "kafka.lock"):
        if not folder.is_dir():
            _fetch(folder, wanted, say)
    return folder


def _fetch(folder: Path, wanted: dict[str, str], say: Say) -> None:
    maven = packages.require("mvn", "maven", say)
    say(f"fetching Apache Kafka by Maven ({len(wanted)} files, 43 MB)")
    with TemporaryDirectory(dir=folder.parent) as scratch:
        incomplete = Path(scratch) / "jars"
        _resolve(maven, incomplete)
        verify(incomplete, wanted)
        # Renamed only once complete and checked: an interrupted download is never taken for Kafka.
        incomplete.rename(folder)


def checksums() -> dict[str, str]:
    """SHA-256 of every file that Maven must bring, by name."""
    lines = CHECKSUMS.read_text().splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


def _resolve(maven: Path, target: Path) -> None:
    arguments = ("--batch-mode", "--quiet", "--strict-checksums", "--file", str(POM))
    goal = ("dependency:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={target}")
    result = subprocess.run(  # noqa: S603
        (str(maven), *arguments, *goal), capture_output=True, text=True, check=False
    )
    if result.returncode:
        errors = [line for line in result.stdout.splitlines() if "ERROR" in line] or ["no reason given"]
        raise PartMissing(f"Maven could not fetch Apache Kafka: {errors[0]}")


def verify(folder: Path, wanted: dict[str, str]) -> None:
    """Raise PartMissing unless the folder's jars are exactly the wanted ones, by name and SHA-256."""
    found = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in folder.glob("*.jar")}
    if found != wanted:
        names = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
        raise PartMissing(f"Maven brought other files than {CHECKSUMS.name} names: {', '.join(names)}")
=======
    return java_programs.fetch("Kafka", DESCRIPTION, cache, say)
>>>>>>> 66c7f82 (Measure the consumer beside Kafka Connect, Quix Streams, FastStream, the plain style and the limit, in turn)
