"""The address of a request's client, as the load balancer saw it and not as the client claims it."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from itertools import takewhile

from starlette.types import Scope

from api import headers

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class ClientAddresses:
    """Finds clients' addresses. Believes `X-Forwarded-For` only where the networks of `proxies` wrote it."""

    def __init__(self, proxies: Sequence[Network]) -> None:
        self._proxies = proxies

    def of(self, scope: Scope) -> Address | None:
        """The client's address: going from us towards the client, the first address that is no proxy of ours.

        Each proxy appends the address that it was asked from to `X-Forwarded-For`. So the header is read from right to
        left, as long as the address before was a proxy's; whatever stands further left, the client may have invented.
        With the proxies 10.0.0.0/8, a connection from 10.0.0.2 and the header `198.51.100.7, 192.0.2.1`, the client is
        192.0.2.1. If all addresses are proxies', the client is the farthest of them.

        None when a proxy wrote an address that cannot be parsed, or when the connection has no address.
        """
        forwarded = headers.values(scope, b"x-forwarded-for")
        peer = scope["client"][0] if scope["client"] else ""
        hops = [_parsed(hop) for hop in (peer, *reversed(",".join(forwarded).split(",") if forwarded else []))]
        proxies = sum(1 for _ in takewhile(self._is_proxy, hops))
        return hops[min(proxies, len(hops) - 1)]

    def _is_proxy(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._proxies)


def _parsed(text: str) -> Address | None:
    """The address in `text`, None if it is none. `::ffff:192.0.2.1`, an IPv4 address in IPv6 form, gives 192.0.2.1."""
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
