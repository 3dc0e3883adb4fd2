"""What docs/security.md claims is so: the tests that it names are there, and its numbers are those of the code."""

import ast
import re
from collections.abc import Callable
from functools import cache
from inspect import signature
from typing import Any

import pytest
from pydantic import SecretStr

from api.__main__ import EX_CONFIG
from api.app import create_app
from api.auth import key_ring, key_strength, last_use
from api.auth.access import SCOPES
from scripts.tokens import __main__ as tokens
from shared.settings import ApiSettings
from tests.support.api.running import KEY
from tests.support.process import ROOT

SECURITY = (ROOT / "docs/security.md").read_text()
PROSE = " ".join(SECURITY.split())
"""The document without its line breaks."""
NGINX = (ROOT / "nginx.conf").read_text() + (ROOT / "nginx/limits.conf").read_text()
COMPOSE = (ROOT / "docker-compose.yml").read_text()
SECONDS = {3: "three", 5: "five", 30: "30"}


@cache
def names_of_tests(file: str) -> frozenset[str]:
    """The names of the tests in a file below `tests`."""
    tree = ast.parse((ROOT / "tests" / file).read_text())
    return frozenset(
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )


CLAIMS = [
    row.strip("| ").split(" | ")
    for section in SECURITY.split("\n## ")
    if section.startswith(("The API", "The edge"))
    for row in section.splitlines()
    if row.startswith("| ") and not row.startswith(("| who |", "|---"))
]


def test_there_are_claims() -> None:
    assert len(CLAIMS) > 25


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: f"{claim[0]} {claim[1]}"[:60])
def test_each_claim_names_tests_that_are_there(claim: list[str]) -> None:
    _, _, _, shown = claim
    for of_file in shown.split("; "):
        file, _, named = of_file.partition(": ")
        names = re.findall(r"`(test_\w+)`", named)
        assert names, f"{file} alone says nothing: name its tests"
        assert set(names) <= names_of_tests(file.strip("`")), file


def test_the_files_that_do_it_are_there() -> None:
    named = set(re.findall(r"`((?:api|compose|scripts|tests|nginx)/[A-Za-z0-9/_.-]+)`", SECURITY))
    assert named
    assert [name for name in sorted(named) if not (ROOT / name).is_file()] == []


def nginx(directive: str) -> str:
    """The one value that nginx's configuration gives this directive."""
    [value] = re.findall(rf"^ *{re.escape(directive)} ([^;]+);", NGINX, re.MULTILINE)
    return str(value)


def default(command: Any, option: str) -> Any:
    """The default of an option of `scripts.tokens`."""
    return signature(command).parameters[option].default


def trust() -> str:
    field = ApiSettings.model_fields["token_trust_seconds"]
    [most] = [bound.le for bound in field.metadata if hasattr(bound, "le")]
    return f"within `TOKEN_TRUST_SECONDS` ({field.default:g}, at most {most:g})"


def overlap() -> str:
    assert default(tokens.rotate, "overlap_minutes") == 24 * 60
    return "the old one ends after `--overlap-minutes`, a day by default"


def connections() -> str:
    """Those of all workers together."""
    return f"{int(nginx('worker_processes')) * int(nginx('worker_connections')):,}"


SENTENCES: dict[str, Callable[[], str]] = {
    "how long a revocation may take without a stream": trust,
    "how long a token lives": lambda: f"so many days: {tokens.DEFAULT_DAYS} by default, and never",
    "how long an old token lives on": overlap,
    "which records are pruned": lambda: f"tokens that ended {default(tokens.prune, 'days')} days ago",
    "how often uses are written": lambda: {60: "at most once a minute for each token"}[last_use.INTERVAL.seconds],
    "how often keys are read": lambda: f"read again every {SECONDS[round(key_ring.PERIOD_SECONDS)]} seconds",
    "how soon a withdrawn key ends": lambda: f"Within {SECONDS[round(key_ring.PERIOD_SECONDS)]} seconds its tokens",
    "how long a secret is": lambda: f"shorter than {key_strength.MIN_BYTES} bytes",
    "how a weak secret ends a program": lambda: f"(exit code {EX_CONFIG})",
    "how many silent connections there can be": lambda: f"silent connections than nginx has ({connections()})",
    "how long a silent connection lasts": lambda: f"Each ends after {nginx('client_header_timeout').rstrip('s')} s,",
    "which log level nginx has": lambda: f"`error_log` at `{nginx('error_log stderr')}`",
    "which protocols nginx speaks": lambda: " and ".join(nginx("ssl_protocols").split("TLSv")[1:]).replace("  ", " "),
    "which scopes are reserved": lambda: "`live:read` and `admin` are reserved and open nothing today",
}


@pytest.mark.parametrize("claim", SENTENCES)
def test_each_number_is_that_of_the_code(claim: str) -> None:
    """The sentence, made from what the code or the configuration has, is in the document."""
    assert SENTENCES[claim]() in PROSE


def test_each_scope_opens_the_addresses_that_are_named() -> None:
    opened: dict[str, set[str]] = {scope: set() for scope in (*SCOPES, "both", "either")}
    interface = create_app(ApiSettings(token_signing_key=SecretStr(KEY))).framework.openapi()
    for path, operations in interface["paths"].items():
        text = operations["get"]["responses"]["403"]["content"]["application/problem+json"]["example"]["detail"]
        scope = "both" if " and " in text else "either" if " or " in text else text.rpartition(" ")[2]
        opened[scope].add(path.replace("{product_id}", "{id}"))
    rows = re.findall(r"^\| `?([a-z:]+)`? \| (.*/api/.*) \|$", SECURITY, re.MULTILINE)
    named = {scope: set(re.findall(r"`(/[^`]+)`", addresses)) for scope, addresses in rows}
    assert named == {scope: paths for scope, paths in opened.items() if scope not in ("live:read", "admin")}
    assert not opened["live:read"] | opened["admin"]


def test_nginx_passes_on_what_is_named_and_nothing_else() -> None:
    blocks = re.findall(r"location (?:= )?(\S+) \{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}", NGINX)
    passed = {place for place, block in blocks if "proxy_pass" in block}
    assert passed == {"/api/", "/docs", "/openapi.json", "@again"}
    assert "nginx passes on `/api/`, `/docs` and `/openapi.json` only" in PROSE


@pytest.mark.parametrize(
    ("claimed", "value"),
    [
        ("HSTS", r'map \$https \$transport_security \{\s+on "max-age=63072000";'),
        ("HSTS", r"add_header Strict-Transport-Security \$transport_security always;"),
        ("`nosniff`", r"add_header X-Content-Type-Options nosniff always;"),
        ("`Referrer-Policy`", r"add_header Referrer-Policy no-referrer always;"),
        ("`Content-Security-Policy`", r"add_header Content-Security-Policy \$content_security_policy always;"),
        ("`Content-Security-Policy`", r"default \"default-src 'none'; frame-ancestors 'none'\";"),
        ("never appends", r"proxy_set_header X-Forwarded-For \$remote_addr;"),
        ("nginx sets both headers", r"proxy_set_header X-Request-Id \$request_id;"),
        (
            "does not ask another instance again after a 503",
            r"proxy_next_upstream error timeout invalid_header http_502;",
        ),
        ("compresses `/openapi.json` only", r"location = /openapi.json \{[^}]*\}\s+gzip on;"),
        ("421", r'if \(\$own_host = ""\) \{\s+return 421;'),
        ("429 by token and by address", r"limit_req zone=token [^;]+;\s+limit_req zone=address [^;]+;"),
        ("`error_log` at `warn`", r"error_log stderr warn;"),
    ],
)
def test_what_the_document_says_of_nginx_is_in_its_configuration(claimed: str, value: str) -> None:
    assert claimed in PROSE
    assert len(re.findall(value, NGINX)) == 1


def test_what_the_document_says_of_compose_is_in_it() -> None:
    assert "In containers the folder is `TOKEN_KEYS_FOLDER`" in PROSE
    assert COMPOSE.count("${TOKEN_KEYS_FOLDER:-") >= 1
    assert "containers' networks are internal, only nginx has ports" in PROSE
    assert COMPOSE.count("    ports:\n") == 1
