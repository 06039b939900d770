"""Find the actions of everything that is installed.

A distribution announces actions through an entry point in the group `budpipeline.actions`: the name of a package with a
catalog.json, or `module:Class` under the name of the action's type. Everything is checked here, before anything is
served.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bud_actions.base.packages import ActionPackage, Document, Modules, PackageError, Source, read_package

__all__ = ["GROUP", "ActionPackage", "BrokenPackage", "Discovery", "DiscoveryError", "discover"]

GROUP = "budpipeline.actions"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenPackage:
    """Something that an entry point offers and that cannot be served."""

    distribution: str
    version: str
    entry: str
    """Name of the entry point."""
    reason: str
    """What is wrong and what to do."""

    def __str__(self) -> str:
        return f"{self.distribution} {self.version}, entry {self.entry}: {self.reason}"


class DiscoveryError(Exception):
    """Something installed is broken; the message names every distribution and what to do."""

    def __init__(self, broken: Iterable[BrokenPackage]) -> None:
        self.broken = tuple(broken)
        lines = "\n".join(f"  {each}" for each in self.broken)
        remedy = "Repair, upgrade or pip uninstall them; or serve the rest with --allow-broken (allow_broken=True)."
        super().__init__(f"installed actions are broken:\n{lines}\n{remedy}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Discovery:
    """What is installed, in the order of distribution and entry point."""

    packages: tuple[ActionPackage, ...]
    broken: tuple[BrokenPackage, ...] = ()

    @property
    def entries(self) -> dict[str, Document]:
        """{type: entry} of all packages; a type is in one of them only."""
        return {action_type: entry for package in self.packages for action_type, entry in package.entries.items()}

    @property
    def categories(self) -> list[Document]:
        """The groups of all packages in display order."""
        return list(self.catalog()["categories"])

    def catalog(self) -> dict[str, Any]:
        """Return one catalog of all packages, made like a catalog.json: by category, then by type."""
        from bud_schemas.shapes import merged_catalog

        return merged_catalog(each.document for each in self.packages)


def discover(group: str = GROUP, *, allow_broken: bool = False) -> Discovery:
    """Return what the installed distributions offer. Reads files, and imports classes that entry points name.

    Raises DiscoveryError if anything is broken. If that is allowed, broken packages and single unusable actions are
    left out and listed; of a type that two packages claim, neither action is served.
    """
    modules = Modules()
    packages: list[ActionPackage] = []
    broken: list[BrokenPackage] = []
    for source in _installed(group):
        try:
            package, unusable = read_package(source, modules)
        except PackageError as error:
            broken.append(_broken(source, str(error)))
            continue
        broken += [_broken(source, reason) for reason in unusable.values()]
        packages.append(package.without(unusable))
    packages, contested = _settled(packages)
    broken = sorted([*broken, *contested], key=lambda each: (each.distribution, each.entry))
    if broken and not allow_broken:
        raise DiscoveryError(broken)
    return Discovery(packages=tuple(each for each in packages if each.entries), broken=tuple(broken))


def _installed(group: str) -> list[Source]:
    from importlib.metadata import entry_points  # 20 ms that an executor's import does not need

    sources = [
        Source(
            distribution=(entry.dist and entry.dist.name) or "an unnamed distribution",
            version=(entry.dist and entry.dist.version) or "without version",
            entry=entry.name,
            value=entry.value,
        )
        for entry in entry_points(group=group)
    ]
    return sorted(sources, key=lambda each: (each.distribution, each.entry, each.value))


def _broken(source: Source | ActionPackage, reason: str) -> BrokenPackage:
    return BrokenPackage(distribution=source.distribution, version=source.version, entry=source.entry, reason=reason)


Claim = tuple[int, str]
"""Index of a package, and the type of its action that claims a name."""


def _settled(packages: list[ActionPackage]) -> tuple[list[ActionPackage], list[BrokenPackage]]:
    """Return the packages without the actions that share a name, alias or type, with another, and why."""
    contested: dict[int, set[str]] = defaultdict(set)
    broken: list[BrokenPackage] = []
    for name, claims in _claims(packages).items():
        for index, action_type in claims if len(claims) > 1 else ():
            contested[index].add(action_type)
            others = ", ".join(_described(packages[i], each) for i, each in claims if (i, each) != (index, action_type))
            reason = f"action type {name} is also claimed by {others}; rename the action, or uninstall one of them"
            broken.append(_broken(packages[index], reason))
    return [package.without(contested[index]) for index, package in enumerate(packages)], broken


def _claims(packages: list[ActionPackage]) -> Mapping[str, list[Claim]]:
    claims: dict[str, list[Claim]] = defaultdict(list)
    for index, package in enumerate(packages):
        for action_type, entry in package.entries.items():
            for name in {action_type: None, **dict.fromkeys(entry["meta"]["aliases"])}:
                claims[name].append((index, action_type))
    return claims


def _described(package: ActionPackage, action_type: str) -> str:
    return f"{package.distribution} {package.version} (entry {package.entry}, action {action_type})"
