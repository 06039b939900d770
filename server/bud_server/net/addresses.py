"""Which IP addresses lead inside, and why."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

_V4 = {
    "0.0.0.0/8": "unspecified",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "shared (carrier-grade NAT)",
    "127.0.0.0/8": "loopback",
    "168.63.129.16/32": "cloud platform",
    "169.254.0.0/16": "link-local",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "reserved",
    "192.0.2.0/24": "documentation",
    "192.88.99.0/24": "6to4 relay",
    "192.168.0.0/16": "private",
    "198.18.0.0/15": "benchmarking",
    "198.51.100.0/24": "documentation",
    "203.0.113.0/24": "documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
}
_V6 = {
    "::/128": "unspecified",
    "::1/128": "loopback",
    "::/96": "IPv4-compatible",
    "64:ff9b:1::/48": "locally translated (NAT64)",
    "2001::/32": "Teredo",
    "2001:db8::/32": "documentation",
    "2001::/23": "reserved",
    "3fff::/20": "documentation",
    "fc00::/7": "unique local",
    "fe80::/10": "link-local",
    "fec0::/10": "site-local",
    "ff00::/8": "multicast",
}
_V4_KINDS = [(IPv4Network(network), kind) for network, kind in _V4.items()]
_V6_KINDS = [(IPv6Network(network), kind) for network, kind in _V6.items()]
_GLOBAL = IPv6Network("2000::/3")
_MAPPED = IPv6Network("::ffff:0:0/96")
_TRANSLATED = IPv6Network("64:ff9b::/96")
_6TO4 = IPv6Network("2002::/16")
_ISATAP = (0x0000_5EFE, 0x0200_5EFE)
"""What stands before the IPv4 address of an ISATAP interface (RFC 5214, 6.1)."""


def parsed(text: str) -> Address:
    """Return the address that a resolver's answer means; a zone is left out. Raises ValueError."""
    return ip_address(text.partition("%")[0])


def inside(address: Address) -> str | None:
    """Return what kind of inside address it is, such as `loopback`; None if it is a public one."""
    if isinstance(address, IPv4Address):
        return next((kind for network, kind in _V4_KINDS if address in network), None)
    carried = _carried(address)
    if carried is not None:
        kind = inside(carried)
        return None if kind is None else f"{kind} (written as IPv6)"
    known = next((kind for network, kind in _V6_KINDS if address in network), None)
    return known or (None if address in _GLOBAL else "reserved")


def _carried(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that packets to an IPv6 address end at; None if it carries none."""
    if address in _MAPPED or address in _TRANSLATED or int(address) >> 32 & 0xFFFF_FFFF in _ISATAP:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    if address in _6TO4:
        return IPv4Address(int(address) >> 80 & 0xFFFF_FFFF)
    return None
