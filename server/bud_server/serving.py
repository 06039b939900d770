"""Start the server: settings, catalog, application, and uvicorn around it."""

import dataclasses
import logging
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from bud_server.catalog.holder import CatalogHolder
from bud_server.catalog.served import CatalogError, ServedCatalog, read_catalog, served
from bud_server.settings import Settings, SettingsError, load_settings

if TYPE_CHECKING:
    from starlette.applications import Starlette

    from bud_actions.base import BrokenPackage, Discovery

SETTINGS_FILE = Path("bud.toml")


def serve(overrides: Mapping[str, object], root: Path | None, *, reload: bool) -> None:
    """Serve until interrupted: the installed actions, or those of the project at `root`.

    With `reload`, the project's action files are served as they are edited, beside the other installed packages.

    Raises SettingsError or CatalogError, having opened nothing, if it cannot start.
    """
    import uvicorn

    from bud_server.app import create_app

    settings = load_settings(os.environ, SETTINGS_FILE if SETTINGS_FILE.is_file() else None, overrides)
    configure_logging(settings)
    if reload:
        app = _reloading_app(settings, root)
    else:
        holder = installed_catalog(settings) if root is None else CatalogHolder(project_catalog(root))
        app = create_app(holder, settings)
    with _listening(settings) as listener, suppress(KeyboardInterrupt):
        uvicorn.Server(uvicorn.Config(app, server_header=False)).run(sockets=[listener])


def _reloading_app(settings: Settings, root: Path | None) -> "Starlette":
    from bud_codegen.problem import InvalidActionsError
    from bud_codegen.workspace import WorkspaceError, open_workspace
    from bud_server.app import create_app
    from bud_server.catalog.events import Broadcast
    from bud_server.reload import Reloader, project_catalog

    try:
        workspace = open_workspace(root)
        found = _discovered(settings)
        others = _catalogs_of_others(found, workspace.project.executors)
        holder = CatalogHolder(project_catalog(workspace, others), broken=[_described(each) for each in found.broken])
    except (InvalidActionsError, WorkspaceError) as error:
        raise CatalogError(str(error)) from error
    broadcast = Broadcast(holder)
    return create_app(holder, settings, broadcast, Reloader(workspace, others, holder, broadcast).lifespan)


def _catalogs_of_others(found: "Discovery", executors: str) -> list[Mapping[str, Any]]:
    """Return the catalog of all packages but one: the project's own, if it is installed as well."""
    others = tuple(
        package
        for package in found.packages
        if not any(entry["executor"].startswith(f"{executors}.") for entry in package.entries.values())
    )
    return [dataclasses.replace(found, packages=others).catalog()] if others else []


def _listening(settings: Settings) -> socket.socket:
    """Return a socket that listens. Raises SettingsError if the address cannot be had."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        why = os.strerror(error.errno) if error.errno else str(error)
        raise SettingsError(f"cannot listen on {where}: {why}; choose another --host or --port") from error


def installed_catalog(settings: Settings) -> CatalogHolder:
    """Return the catalog of all installed action packages, without importing schema-first ones.

    Raises CatalogError, naming the distributions, if one is broken and `allow_broken` is off.
    """
    found = _discovered(settings)
    return CatalogHolder(served(found.catalog()), broken=[_described(each) for each in found.broken])


def _discovered(settings: Settings) -> "Discovery":
    from bud_actions.base import DiscoveryError, discover

    try:
        return discover(allow_broken=settings.allow_broken)
    except DiscoveryError as error:
        raise CatalogError(str(error)) from error


def _described(broken: "BrokenPackage") -> dict[str, str]:
    distribution = f"{broken.distribution} {broken.version}"
    return {"distribution": distribution, "entry": broken.entry, "reason": broken.reason}


def project_catalog(root: Path) -> ServedCatalog:
    """Return the catalog of a project's folder. Raises CatalogError."""
    from bud_codegen.workspace import WorkspaceError, open_workspace

    try:
        workspace = open_workspace(root)
    except WorkspaceError as error:
        raise CatalogError(str(error)) from error
    return read_catalog(workspace.root / "generated" / "python" / workspace.project.package / "catalog.json")


def configure_logging(settings: Settings) -> None:
    """Write structured lines: for people, or as JSON for programs."""
    for_programs = settings.log_format == "json"
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer() if for_programs else structlog.dev.ConsoleRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )
