"""Apache Kafka's program files, and the Java that runs them."""

import os
from pathlib import Path

from stack.install import jars as java_programs
from stack.install import packages
from stack.install.packages import Say

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
    return java_programs.fetch("Kafka", DESCRIPTION, cache, say)
