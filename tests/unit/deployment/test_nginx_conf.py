"""nginx.conf, checked without running it: by the checker gixy, and numbers that must agree."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from api.server import KEEP_ALIVE_SECONDS
from stack.errors import PartMissing
from tests.support.process import ROOT
from tests.support.product.balancer import configure
from tests.support.servers import local

LIMITS = (ROOT / "nginx/limits.conf").read_text()


def findings(configuration: Path) -> list[dict[str, Any]]:
    """What the checker gixy finds wrong with a configuration."""
    argv = [str(Path(sys.executable).parent / "gixy"), "--format", "json", str(configuration)]
    ended = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
    found: list[dict[str, Any]] = json.loads(ended.stdout)
    return found


@pytest.fixture
def local_configuration(tmp_path: Path) -> Path:
    """The configuration as the local stack writes it."""
    try:
        configure(tmp_path, [19100, 19101])
    except PartMissing as missing:
        local.skip_or_fail(missing)
    return tmp_path / "nginx.conf"


def test_a_checker_finds_nothing_in_the_containers_configuration() -> None:
    assert findings(ROOT / "nginx.conf") == []


def test_a_checker_finds_nothing_in_the_local_stack_s_configuration(local_configuration: Path) -> None:
    assert findings(local_configuration) == []


def test_the_checker_would_find_it(local_configuration: Path) -> None:
    mistakes = {
        "host_spoofing": ("proxy_set_header Host $host;", "proxy_set_header Host $http_host;"),
        "add_header_redefinition": ("internal;", "internal; add_header X-More 1;"),
        "weak_ssl_tls": ("ssl_protocols TLSv1.2", "ssl_protocols TLSv1 TLSv1.2"),
    }
    text = local_configuration.read_text()
    for right, wrong in mistakes.values():
        assert right in text
        text = text.replace(right, wrong)
    local_configuration.write_text(text)
    assert {finding["plugin"] for finding in findings(local_configuration)} >= mistakes.keys()


def test_nginx_is_the_first_to_close_an_idle_connection_to_an_instance() -> None:
    [seconds] = re.findall(r"upstream api \{[^}]*keepalive_timeout (\d+)s;", (ROOT / "nginx.conf").read_text())
    assert 2 * int(seconds) <= KEEP_ALIVE_SECONDS


@pytest.mark.parametrize("zone", ["token", "address"])
def test_what_clients_are_told_of_a_limit_is_the_limit(zone: str) -> None:
    [rate] = re.findall(rf"zone={zone}:10m rate=(\d+)r/s;", LIMITS)
    [burst] = re.findall(rf"limit_req zone={zone} burst=(\d+) nodelay;", LIMITS)
    [policy] = re.findall(rf'RateLimit-Policy .*"{zone}";q=(\d+);w=1', LIMITS)
    assert policy == rate
    assert int(burst) >= int(rate), "a client that keeps to the policy would be refused"
