"""Which address is taken for the client's: what trusted proxies report, not what the client claims."""

from ipaddress import ip_address, ip_network

import pytest

from api.auth.client_address import ClientAddresses

PROXIES = ClientAddresses([ip_network("10.0.0.0/8"), ip_network("fd00::/8")])


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", [], "203.0.113.9"),
        ("203.0.113.9", ["192.0.2.1"], "203.0.113.9"),  # a client's claim
        ("10.0.0.2", ["192.0.2.1"], "192.0.2.1"),
        ("10.0.0.2", ["198.51.100.7, 192.0.2.1"], "192.0.2.1"),  # the left address is the client's claim
        ("10.0.0.2", ["198.51.100.7", "192.0.2.1"], "192.0.2.1"),
        ("10.0.0.2", ["192.0.2.1, 10.0.0.3"], "192.0.2.1"),  # two proxies
        ("10.0.0.2", [], "10.0.0.2"),
        ("10.0.0.2", ["10.0.0.7"], "10.0.0.7"),
        ("10.0.0.2", ["10.0.0.7, 10.0.0.8"], "10.0.0.7"),
        ("10.0.0.2", ["nonsense"], None),
        ("10.0.0.2", [""], None),
        ("10.0.0.2", ["192.0.2.1, "], None),
        ("10.0.0.2", ["192.0.2.1:443"], None),
        ("10.0.0.2", ["::ffff:192.0.2.1"], "192.0.2.1"),
        ("::ffff:10.0.0.2", ["2001:db8::1"], "2001:db8::1"),
        ("fd00::1", ["2001:db8::1"], "2001:db8::1"),
        ("testclient", ["192.0.2.1"], None),
    ],
)
def test_the_client_is_the_nearest_that_is_no_proxy(peer: str, forwarded: list[str], address: str | None) -> None:
    headers = [(b"host", b"x"), *((b"x-forwarded-for", value.encode()) for value in forwarded)]
    scope = {"type": "http", "client": (peer, 1), "headers": headers}
    assert PROXIES.of(scope) == (None if address is None else ip_address(address))


def test_without_proxies_the_connection_counts() -> None:
    scope = {"type": "http", "client": ("127.0.0.1", 1), "headers": [(b"x-forwarded-for", b"192.0.2.1")]}
    assert ClientAddresses([]).of(scope) == ip_address("127.0.0.1")
    assert ClientAddresses([]).of({**scope, "client": None}) is None
