"""Hosts that no base URL may name: where clouds hand out credentials to whoever can ask (DESIGN section 1, promise 8)."""

from __future__ import annotations

import ipaddress
from typing import Final

NAMES: Final = frozenset({"metadata.google.internal", "metadata.goog", "instance-data.ec2.internal"})
"""Of Google Compute Engine and of Amazon EC2."""
NETWORKS: Final = tuple(
    ipaddress.ip_network(each)
    for each in (
        "169.254.0.0/16",  # RFC 3927; the metadata service of nearly all clouds is 169.254.169.254
        "fe80::/10",  # RFC 4291 section 2.5.6
        "fd00:ec2::254/128",  # Amazon EC2 over IPv6
        "fd20:ce::254/128",  # Google Compute Engine over IPv6
        "100.100.100.200/32",  # Alibaba Cloud
    )
)
NAT64: Final = ipaddress.ip_network("64:ff9b::/96")
"""IPv4 addresses in IPv6 (RFC 6052 section 2.1)."""


def is_link_local(host: str) -> bool:
    """Whether ``host``, a name or an address as text, is a metadata service or another link-local address."""
    name = host.lower().rstrip(".").partition("%")[0]
    if name in NAMES:
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        elif address in NAT64:
            address = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return any(address in network for network in NETWORKS)
