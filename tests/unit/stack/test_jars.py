"""A Java program's files are used only if they are exactly those that `jars.sha256` lists."""

from pathlib import Path

import pytest

from stack.errors import PartMissing
from stack.install import jars
from stack.parts import kafka_files

WANTED = {"a.jar": "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"}  # the SHA-256 of "foo"


@pytest.mark.parametrize(
    ("files", "blamed"),
    [
        ({"a.jar": "fOo"}, "a.jar"),
        ({}, "a.jar"),
        ({"a.jar": "foo", "b.jar": "more"}, "b.jar"),
    ],
    ids=["altered", "missing", "additional"],
)
def test_other_files_are_refused(tmp_path: Path, files: dict[str, str], blamed: str) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    with pytest.raises(PartMissing, match=blamed):
        jars.verify(tmp_path, WANTED)


def test_the_named_files_are_accepted(tmp_path: Path) -> None:
    (tmp_path / "a.jar").write_text("foo")
    jars.verify(tmp_path, WANTED)


def test_the_checksums_name_the_version_of_the_pom() -> None:
    pom = (kafka_files.DESCRIPTION / "pom.xml").read_text()
    (version,) = {line.strip() for line in pom.splitlines() if "<version>4." in line}
    number = version.removeprefix("<version>").removesuffix("</version>")
    assert {f"kafka_2.13-{number}.jar", f"kafka-clients-{number}.jar"} <= jars.checksums(kafka_files.DESCRIPTION).keys()
