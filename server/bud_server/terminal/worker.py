"""A worker without HTTP."""

import os
import signal
from pathlib import Path

import typer

from bud_server.log import log, write_logs_as
from bud_server.runtime.runtime import Runtime
from bud_server.settings import SETTINGS_FILE, load_settings
from bud_server.terminal.actions import actions_of
from bud_server.terminal.interrupts import Interrupts

ON_SQLITE = "note: SQLite lets one process write at a time; for more than one busy process, use PostgreSQL"


def work(database: str | None, capacity: int | None, root: Path | None) -> None:
    """Run steps until SIGTERM or Ctrl-C; a second one kills the process.

    Raises CatalogError, SettingsError, DatabaseError or SecretsError if it cannot begin.
    """
    given = {"database": database, "worker_capacity": capacity}
    settings = load_settings(os.environ, SETTINGS_FILE if SETTINGS_FILE.is_file() else None, given)
    write_logs_as(settings.log_format)
    log()
    actions = actions_of(root, allow_broken=settings.allow_broken)
    runtime = Runtime(settings, lambda: actions.catalog, actions.executor_of)
    with Interrupts(signal.SIGINT, signal.SIGTERM, counted=1) as interrupts, runtime:
        if runtime.database.is_alone:
            typer.echo(ON_SQLITE, err=True)
        steps = "1 step" if settings.worker_capacity == 1 else f"{settings.worker_capacity} steps"
        typer.echo(f"working on {runtime.database.url.render_as_string()}, {steps} at a time, until Ctrl-C", err=True)
        while not interrupts.count:
            interrupts.pause()
        typer.echo(f"stopping; what is under way has {settings.shutdown_seconds} s to end", err=True)
    typer.echo("stopped", err=True)
