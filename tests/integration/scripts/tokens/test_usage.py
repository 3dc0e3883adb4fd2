"""`python -m scripts.tokens` explains why it cannot do what it was asked for, and ends with the right exit code."""

import pytest

from stack import ports
from tests.support.api.running import tokens_of
from tests.support.commands.tokens import TokensCommand
from tests.support.documents.given_events import Documents


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["issue"], "Missing option"),
        (["issue", "--name", ""], "1 to 64 printable characters"),
        (["issue", "--name", "n" * 65], "1 to 64 printable characters"),
        (["issue", "--name", "a\nb"], "1 to 64 printable characters"),
        (["issue", "--name", "x", "--scope", "*"], "there is no scope"),
        (["issue", "--name", "x", "--scope", "sales:*"], "there is no scope"),
        (["issue", "--name", "x", "--network", "10.0.0.1/8"], "has host bits set"),
        (["issue", "--name", "x", "--network", "everywhere"], "a network is written like"),
        (["issue", "--name", "x", "--idle-days", "0"], "--idle-days"),
        (["issue", "--name", "x", "--product", "-1"], "--product"),
        (["issue", "--name", "x", "--product", str(2**63)], "--product"),
        (["issue", "--name", "x", "--days", "0"], "--days"),
        (["issue", "--name", "x", "--minutes", "0"], "--minutes"),
        (["issue", "--name", "x", "--minutes", "1441"], "--minutes"),
        (["issue", "--name", "x", "--minutes", "5", "--days", "1"], "--days and --minutes exclude each other"),
        (["issue", "--name", "\x1b[2J"], "1 to 64 printable characters"),
        (["issue", "--name", "x", "--scope", "\x1b[2J[/red]:100:"], r"there is no scope \x1b[2J[/red]:100:;"),
        (["prune", "--days", "99999999999"], "--days"),
    ],
)
def test_wrong_usage(cli: TokensCommand, database: Documents, arguments: list[str], message: str) -> None:
    done = cli(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr.splitlines()[-1]
    assert tokens_of(database).count_documents({}) == 0


def test_wrong_settings(cli: TokensCommand) -> None:
    done = cli("issue", "--name", "x", TOKEN_SIGNING_KEY="weak-private-key")
    assert (done.returncode, done.stdout) == (78, "")
    assert "TOKEN_SIGNING_KEY" in done.stderr
    assert "weak-private-key" not in done.stderr
    assert "Traceback" not in done.stderr


def test_no_mongodb(cli: TokensCommand) -> None:
    (port,) = ports.pick(1)
    uri = f"mongodb://user:hidden@127.0.0.1:{port}/?replicaSet=rs0"
    for arguments in (("issue", "--name", "x"), ("list",), ("revoke", "x"), ("prune",)):
        done = cli(*arguments, MONGODB_URI=uri, MONGODB_TIMEOUT_MS="300")
        assert (done.returncode, done.stdout) == (1, "")
        assert "MongoDB does not answer" in done.stderr
        assert "hidden" not in done.stderr
