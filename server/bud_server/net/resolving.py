"""Which addresses of a target may be connected to."""

import asyncio
import re
import socket

from bud_actions.base import OutboundError, RefusedAddressError
from bud_server.net.addresses import Address, inside, parsed
from bud_server.net.allowed import AllowedHosts
from bud_server.net.target import Target

_NUMERIC = re.compile(r"(.*\.)?(0x[0-9a-f]*|[0-9]+)|.*:.*")


async def judged(target: Target, allowed: AllowedHosts) -> list[str]:
    """Return the target's addresses, looked up once. Raises OutboundError if there is none, or one leads inside.

    The system's resolver says what a host means, so that `127.1` and `0x7f000001` are judged as what they are.
    """
    if allowed.has_name(target.host):
        return [str(each) for each in await _addresses(target)]
    if target.is_metadata:
        raise _refusal(target, "it is a name under which clouds answer with credentials", _host(target))
    found = await _addresses(target)
    for address in found:
        kind = inside(address)
        if kind is not None and not allowed.has_address(address):
            shown = str(address) if _NUMERIC.fullmatch(target.host) else _host(target)
            raise _refusal(target, f"it leads to an address that is not public: {kind}", shown)
    return [str(each) for each in found]


async def _addresses(target: Target) -> list[Address]:
    loop = asyncio.get_running_loop()
    try:
        answers = await loop.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
        found = [parsed(str(answer[4][0])) for answer in answers]
    except (OSError, ValueError) as error:
        raise OutboundError(f"{target.shown} cannot be reached: it has no address", had_effect=False) from error
    return list(dict.fromkeys(found))


def _host(target: Target) -> str:
    """Return the host as the pipeline wrote it."""
    return target.shown.rsplit(":", 1)[0] if target.shown.endswith(f":{target.port}") else target.shown


def _refusal(target: Target, reason: str, shown: str) -> RefusedAddressError:
    return RefusedAddressError(
        f"{target.shown} is refused: {reason}; if pipelines may ask it, "
        f"add '{shown}' to the setting allowed_hosts (BUD_ALLOWED_HOSTS)"
    )
