"""Start the server: settings, catalog, application, and uvicorn around it."""

import dataclasses
import gc
import os
import socket
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from bud_server.catalog.holder import CatalogHolder
from bud_server.catalog.served import CatalogError, ServedCatalog, read_catalog, served
from bud_server.log import write_logs_as
from bud_server.settings import SETTINGS_FILE, Settings, SettingsError, load_settings

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.types import ASGIApp

    from bud_actions.base import BrokenPackage, Discovery


def serve(overrides: Mapping[str, object], root: Path | None, *, reload: bool) -> None:
    """Serve until interrupted: the installed actions, or those of the project at `root`.

    With `reload`, the project's action files are served as they are edited, beside the other installed packages.

    Raises SettingsError or CatalogError, having opened nothing, if it cannot start.
    """
    from bud_codegen.collector import collector_paused

    with collector_paused():
        import uvicorn

        settings, app = _prepared(overrides, root, reload=reload)
    gc.freeze()  # all of this stays: no later collection needs to look at it
    with _listening(settings) as listener, suppress(KeyboardInterrupt):
        typer.echo(f"listening on {_address(listener)}", err=True)
        uvicorn.Server(uvicorn_config(app)).run(sockets=[listener])


def _prepared(overrides: Mapping[str, object], root: Path | None, *, reload: bool) -> tuple[Settings, "Starlette"]:
    """Return the settings and the application. Raises SettingsError and CatalogError."""
    from bud_server.app import create_app

    settings = load_settings(os.environ, SETTINGS_FILE if SETTINGS_FILE.is_file() else None, overrides)
    if settings.strict is None:
        settings = dataclasses.replace(settings, strict=reload)
    write_logs_as(settings.log_format)
    if reload:
        return settings, _reloading_app(settings, root)
    holder = installed_catalog(settings) if root is None else CatalogHolder(project_catalog(root))
    return settings, create_app(holder, settings)


def uvicorn_config(app: "ASGIApp") -> "uvicorn.Config":
    """Return how the HTTP server is set, whatever it serves."""
    import uvicorn

    return uvicorn.Config(app, server_header=False)


def _reloading_app(settings: Settings, root: Path | None) -> "Starlette":
    from bud_actions.base import action_registry
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
    reloader = Reloader(workspace, others, holder, broadcast, action_registry)
    return create_app(holder, settings, broadcast, reloader.lifespan)


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
        listener = socket.create_server((settings.host, settings.port), family=family, backlog=2048)
    except OSError as error:
        where = f"{settings.host}:{settings.port}"
        why = os.strerror(error.errno) if error.errno else str(error)
        raise SettingsError(f"cannot listen on {where}: {why}; choose another --host or --port") from error
    # Connections inherit it; without it, a body waits up to 40 ms until the client has acknowledged the head.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


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
