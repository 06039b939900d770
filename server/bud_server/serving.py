"""Start the server: settings, catalog, application, and uvicorn around it."""

import dataclasses
import gc
import os
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple

from bud_server.catalog.holder import CatalogHolder
from bud_server.catalog.served import CatalogError, ServedCatalog, read_catalog, served
from bud_server.log import write_line, write_logs_as
from bud_server.settings import SETTINGS_FILE, Settings, SettingsError, load_settings

if TYPE_CHECKING:
    import uvicorn
    from starlette.applications import Starlette
    from starlette.types import ASGIApp

    from bud_actions.base import BaseActionExecutor, BrokenPackage, Discovery
    from bud_actions.base.packages import ActionPackage
    from bud_server.runtime.gate import Gate
    from bud_server.runtime.runtime import Runtime

ExecutorOf = Callable[[str], "BaseActionExecutor"]
"""Returns what performs actions of a type."""


class Prepared(NamedTuple):
    """What is served, and how."""

    settings: Settings
    app: "Starlette"
    gate: "Gate"


def serve(overrides: Mapping[str, object], root: Path | None, *, reload: bool, has_worker: bool = True) -> None:
    """Serve until interrupted: the installed actions, or those of the project at `root`, and the pipelines they are in.

    With `reload`, the project's action files are served as they are edited, beside the other installed packages.
    Without `has_worker`, other processes run the steps.

    Raises SettingsError or CatalogError if it cannot start. The runtime starts behind the catalog; if it cannot, the
    server stops with its SettingsError.
    """
    from bud_codegen.collector import collector_paused

    with collector_paused():
        import uvicorn

        settings, app, gate = _prepared(overrides, root, reload=reload, has_worker=has_worker)
    server = uvicorn.Server(uvicorn_config(app, settings.shutdown_seconds))
    gate.on_error = lambda: setattr(server, "should_exit", True)
    gc.freeze()  # all of this stays: no later collection needs to look at it
    with listen(settings) as listener, suppress(KeyboardInterrupt):
        write_line("info", f"listening on {_address(listener)}", {})
        server.run(sockets=[listener])
    if gate.error is not None:
        raise gate.error


def _prepared(overrides: Mapping[str, object], root: Path | None, *, reload: bool, has_worker: bool) -> Prepared:
    """Return what to serve. Raises SettingsError and CatalogError."""
    from bud_server.app import create_app

    settings = load_settings(os.environ, SETTINGS_FILE if SETTINGS_FILE.is_file() else None, overrides)
    if settings.strict is None:
        settings = dataclasses.replace(settings, strict=reload)
    write_logs_as(settings.log_format)
    if reload:
        return _reloading(settings, root, has_worker=has_worker)
    holder = installed_catalog(settings) if root is None else CatalogHolder(project_catalog(root))

    executors = _installed_executors(settings, root)
    gate = runtime_gate(holder, settings, executors, has_worker=has_worker)
    return Prepared(settings, create_app(holder, settings, gate=gate, executors=executors), gate)


def _installed_executors(settings: Settings, root: Path | None) -> "Callable[[], ExecutorOf]":
    """Return what finds executors when it is first called, for all callers the same."""
    lock = Lock()

    @cache
    def find() -> ExecutorOf:
        from bud_server.terminal.actions import actions_of

        return actions_of(root, allow_broken=settings.allow_broken).executor_of

    def executors() -> ExecutorOf:
        with lock:
            return find()

    return executors


def runtime_gate(
    holder: CatalogHolder, settings: Settings, executors: "Callable[[], ExecutorOf]", *, has_worker: bool = True
) -> "Gate":
    """Return what starts the runtime of a server; `executors` is asked then for what performs actions."""
    from bud_server.runtime.gate import Gate

    def make() -> "Runtime":
        from bud_server.runtime.runtime import Runtime

        return Runtime(settings, lambda: holder.current, executors(), has_worker=has_worker)

    return Gate(make)


def uvicorn_config(app: "ASGIApp", shutdown_seconds: int | None = None) -> "uvicorn.Config":
    """Return how the HTTP server is set, whatever it serves; requests may take so long to end when it stops.

    The application writes a line for each request; uvicorn's own lines go where all others do.
    """
    import uvicorn

    return uvicorn.Config(
        app, server_header=False, timeout_graceful_shutdown=shutdown_seconds, access_log=False, log_config=None
    )


def _reloading(settings: Settings, root: Path | None, *, has_worker: bool) -> Prepared:
    from bud_actions.base import ActionRegistry
    from bud_codegen.problem import InvalidActionsError
    from bud_codegen.workspace import WorkspaceError, open_workspace
    from bud_server.app import create_app
    from bud_server.catalog.events import Broadcast
    from bud_server.reload import Reloader, project_catalog, project_discovery

    try:
        workspace = open_workspace(root)
        found = _discovered(settings)
        others = _others(found, workspace.project.executors)
        holder = CatalogHolder(project_catalog(workspace, others), broken=[_described(each) for each in found.broken])
    except (InvalidActionsError, WorkspaceError) as error:
        raise CatalogError(str(error)) from error
    broadcast = Broadcast(holder)
    sys.path[:0] = [str(workspace.root / "actions"), str(workspace.root / "generated" / "python")]
    registry = ActionRegistry(project_discovery(workspace, others, holder.current))
    reloader = Reloader(workspace, others, holder, broadcast, registry)
    gate = runtime_gate(holder, settings, lambda: registry.get_executor, has_worker=has_worker)
    app = create_app(holder, settings, broadcast, reloader.lifespan, gate, lambda: registry.get_executor)
    return Prepared(settings, app, gate)


def _others(found: "Discovery", executors: str) -> "tuple[ActionPackage, ...]":
    """Return all packages but one: the project's own, if it is installed as well."""
    return tuple(
        package
        for package in found.packages
        if not any(entry["executor"].startswith(f"{executors}.") for entry in package.entries.values())
    )


def listen(settings: Settings) -> socket.socket:
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
