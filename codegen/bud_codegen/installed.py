"""What is installed, as the commands list it."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from bud_actions.base import Discovery, discover

Listed = tuple[str, Mapping[str, Any], str]
"""What an action is called, its metadata, and where it comes from."""


class InstalledError(Exception):
    """The asked-for actions are not installed, or not usable; the message says what is."""


def installed_actions(package: str | None, tell: Callable[[str], None]) -> list[Listed]:
    """Return (name, metadata, distribution and version) of each installed action, by category and type.

    The name is its type or, of a version that stands beside a newer one, `type@major`.

    `package` narrows it to one distribution. What is broken is told and left out. Raises InstalledError.
    """
    kept = installed(package, tell)
    origins = {name: f"{each.distribution} {each.version}" for each in kept.packages for name, _ in each.versions}
    if not kept.packages:
        return []
    catalog = kept.catalog()
    older = catalog.get("older", {})
    return [
        (name, entry["meta"], origins[name])
        for newest, its_entry in catalog["actions"].items()
        for name, entry in ((newest, its_entry), *_older_of(newest, older))
    ]


def _older_of(action_type: str, older: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(name, entry) for name, entry in older.items() if entry["meta"]["type"] == action_type]


def installed(package: str | None, tell: Callable[[str], None]) -> Discovery:
    """Return what is installed, or what one distribution offers; what is broken is told. Raises InstalledError."""
    found = discover(allow_broken=True)
    kept = found if package is None else _only(found, package)
    for each in kept.broken:
        tell(f"left out: {each}")
    return kept


def _same_name(one: str, other: str) -> bool:
    """Whether two names mean the same distribution: `My_Actions` is `my-actions`."""
    return _normal(one) == _normal(other)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _only(found: Discovery, name: str) -> Discovery:
    packages = tuple(each for each in found.packages if _same_name(each.distribution, name))
    broken = tuple(each for each in found.broken if _same_name(each.distribution, name))
    if packages:
        return Discovery(packages=packages, broken=broken)
    if broken:
        raise InstalledError("; ".join(str(each) for each in broken))
    known = sorted({each.distribution for each in found.packages} | {each.distribution for each in found.broken})
    raise InstalledError(f"no installed package {name} has actions; these have: {', '.join(known) or 'none'}")
