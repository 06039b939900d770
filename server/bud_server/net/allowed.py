"""Hosts that pipelines may ask although they are inside."""

from collections.abc import Iterable
from ipaddress import ip_network

from bud_server.net.addresses import Address


class AllowedHosts:
    """What the setting `allowed_hosts` says: names, `*.example.com` for all names below one, and networks."""

    def __init__(self, entries: Iterable[str]) -> None:
        self._networks = []
        self._names: set[str] = set()
        self._suffixes: list[str] = []
        for entry in entries:
            if _is_network(entry):
                self._networks.append(ip_network(entry))
            elif entry.startswith("*."):
                self._suffixes.append(_plain(entry[1:]))
            else:
                self._names.add(_plain(entry))

    def has_name(self, host: str) -> bool:
        """Whether a host may be asked wherever its name leads."""
        name = _plain(host)
        return name in self._names or any(name.endswith(suffix) for suffix in self._suffixes)

    def has_address(self, address: Address) -> bool:
        """Whether an address may be asked by whatever name."""
        return any(address in network for network in self._networks)


def _plain(name: str) -> str:
    return name.lower().rstrip(".")


def _is_network(entry: str) -> bool:
    try:
        ip_network(entry)
    except ValueError:
        return False
    return True
