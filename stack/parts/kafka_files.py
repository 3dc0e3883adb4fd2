"""The files of Apache Kafka's program, and the Java that runs them."""

import os
from pathlib import Path

from stack.install import jars as java_programs
from stack.install import packages
from stack.install.packages import Say

DESCRIPTION = Path(__file__).parent.parent / "kafka"
"""The folder that describes Kafka's jars: `pom.xml` and `jars.sha256`."""

LOGGING = DESCRIPTION / "log4j2.properties"
"""What Kafka logs, and where to; containers use the same file."""


def java(say: Say) -> Path:
    """Return the program `java`: the one in JAVA_HOME, else the one on the PATH, else a newly installed one.

    Raises PartMissing where there is none and this user cannot install it.
    """
    home = os.environ.get("JAVA_HOME")
    if home and (Path(home) / "bin" / "java").is_file():
        return Path(home) / "bin" / "java"
    return packages.require("java", "default-jre-headless", say)


def jars(cache: Path, say: Say) -> Path:
    """Return the folder of Kafka's jars below `cache`, filled on first use. Raises PartMissing as `jars.fetch` does."""
    return java_programs.fetch("Kafka", DESCRIPTION, cache, say)
