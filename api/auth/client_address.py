"""Where a request comes from, as the load balancer saw it and not as the client says."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from itertools import takewhile

from starlette.types import Scope

from api import headers

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class ClientAddresses:
    """Tells clients' addresses, believing `X-Forwarded-For` only from the networks of `proxies`."""

    def __init__(self, proxies: Sequence[Network]) -> None:
        self._proxies = proxies

    def of(self, scope: Scope) -> Address | None:
        """The address nearest to us that is no proxy of ours; None when a proxy gave one that cannot be read.

        Each proxy adds the address that it was asked from at the right; what stands to the left of the first one that
        is not a proxy of ours may be anything. When all are proxies, the client is the farthest of them.
        """
        told = headers.values(scope, b"x-forwarded-for")
        peer = scope["client"][0] if scope["client"] else ""
        hops = [_parsed(hop) for hop in (peer, *reversed(",".join(told).split(",") if told else []))]
        ours = sum(1 for _ in takewhile(self._is_proxy, hops))
        return hops[min(ours, len(hops) - 1)]

    def _is_proxy(self, address: Address | None) -> bool:
        return address is not None and any(address in network for network in self._proxies)


def _parsed(text: str) -> Address | None:
    """An address; one of IPv4 in IPv6's clothes is the IPv4 one."""
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
