"""The actions that steps can use: those installed and, if asked for, those of a project's folder."""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from bud_actions.base import (
    ActionRegistry,
    BaseActionExecutor,
    Discovery,
    DiscoveryError,
    action_registry,
    discover,
)
from bud_actions.base.packages import ActionPackage, Modules, PackageError, Source, read_package
from bud_codegen.workspace import WorkspaceError, open_workspace
from bud_server.catalog.served import CatalogError, ServedCatalog, served


class Actions(NamedTuple):
    """What is known of actions, and what performs them."""

    catalog: ServedCatalog
    executor_of: Callable[[str], BaseActionExecutor]


def actions_of(root: Path | None, *, allow_broken: bool) -> Actions:
    """Return the installed actions and, before them, those of the project at `root`, which becomes importable.

    Raises CatalogError.
    """
    try:
        if root is None:
            action_registry.discover_actions(allow_broken=allow_broken)
            return _actions(action_registry)
        project = _project(root)
        found = discover(allow_broken=allow_broken)
        others = [each for each in found.packages if _modules(each).isdisjoint(_modules(project))]
        return _actions(ActionRegistry(replace(found, packages=(project, *others))))
    except (DiscoveryError, PackageError, WorkspaceError, ValueError) as error:
        raise CatalogError(str(error)) from error


def _actions(registry: ActionRegistry) -> Actions:
    found = registry.discovery or Discovery(packages=())
    return Actions(served(found.catalog()), registry.get_executor)


def _modules(package: ActionPackage) -> set[str]:
    """Return the import packages that the executors of a package are in."""
    return {entry["executor"].partition(".")[0] for _, entry in package.versions}


def _project(root: Path) -> ActionPackage:
    """Return the package of a project as `bud generate` left it. Raises PackageError and WorkspaceError."""
    workspace = open_workspace(root)
    package = workspace.project.package
    if not (workspace.root / "generated" / "python" / package / "catalog.json").is_file():
        raise PackageError(f"{root} has no generated catalog: run bud generate --root {root}")
    folders = [str(workspace.root / "actions"), str(workspace.root / "generated" / "python")]
    sys.path[:0] = folders
    inherited = filter(None, [os.environ.get("PYTHONPATH")])
    os.environ["PYTHONPATH"] = os.pathsep.join([*folders, *inherited])  # executors may run in processes of their own
    source = Source(distribution=str(root), version="", entry=workspace.project.prefix, value=package)
    read, unusable = read_package(source, Modules())
    if unusable:
        raise PackageError("\n".join(unusable.values()))
    return read
