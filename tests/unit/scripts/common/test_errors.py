"""How an error ends a command: a line that quotes no document and no secret, and the exit code that the page names."""

import pytest
import typer
from pymongo.errors import NetworkTimeout, OperationFailure, PyMongoError, ServerSelectionTimeoutError

from scripts.common.console import LiteralConsole
from scripts.common.errors import errors_as_messages
from shared.errors import ConfigurationError, SourceUnavailable


class Sentence(Exception):
    """An exception of a command, with a text for a person."""


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (ConfigurationError("KAFKA_TOPIC: [/red]"), 78, "Wrong setting: KAFKA_TOPIC: [/red]"),
        (SourceUnavailable("Kafka is \x1b[1m away"), 1, r"Kafka is \x1b[1m away"),
        (Sentence("so :100: it is"), 1, "so :100: it is"),
        (ServerSelectionTimeoutError("host:1: refused"), 1, "MongoDB does not answer"),
        (NetworkTimeout("host:1: timed out"), 1, "MongoDB does not answer"),
        (OperationFailure("dup key: { secret: 1 }", 121, {"codeName": "Refused"}), 1, "MongoDB does not do"),
        (FileNotFoundError(2, "No such file or directory", "/a[b]"), 1, "/a[b] cannot be used: No such file"),
        (PermissionError(13, "Permission denied", "/x\ny"), 1, r"/x\ny cannot be used: Permission denied"),
        (UnicodeEncodeError("utf-8", "\udcff", 0, 1, "surrogates not allowed"), 2, r"'\udcff' is not UTF-8"),
    ],
)
def test_an_error_is_a_line_and_an_exit_code(
    error: Exception, code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as ended, errors_as_messages(LiteralConsole(stderr=True), Sentence):
        raise error
    assert ended.value.exit_code == code
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(says)
    if isinstance(error, PyMongoError):
        assert "secret" not in line


def test_an_error_that_nobody_foresaw_stays_one() -> None:
    with pytest.raises(BrokenPipeError), errors_as_messages(LiteralConsole(stderr=True)):
        raise BrokenPipeError(32, "Broken pipe", "x")
    with pytest.raises(KeyError), errors_as_messages(LiteralConsole(stderr=True)):
        raise KeyError("x")
