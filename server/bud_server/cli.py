"""The `bud` command as installed: the generator's commands, those of the terminal, and `serve`."""

import enum
import gc
import os
import sys
from typing import Annotated

try:
    import typer
except ModuleNotFoundError:
    sys.exit("bud needs more than the core install: pip install 'bud-actions[codegen,server]'")

import bud_codegen.commands.editing  # noqa: F401 - adds fmt, deprecate and rename
import bud_server.terminal.changes
import bud_server.terminal.commands  # noqa: F401 - these two add their commands
from bud_codegen.cli import FINDINGS, USAGE, Root, app, require_generator

INTERNAL = 3
"""Exit code of a fault in bud itself."""


def main() -> None:
    """Run the command line."""
    try:
        app()
    except ModuleNotFoundError as error:
        if os.environ.get("BUD_DEBUG"):
            raise
        typer.echo(f"error: this needs {error.name}: pip install 'bud-actions[codegen,server]'", err=True)
        sys.exit(USAGE)
    except Exception as error:
        if os.environ.get("BUD_DEBUG"):
            raise
        typer.echo(f"internal error: {type(error).__name__}: {error}", err=True)
        typer.echo("This is a fault of bud, not of your files. BUD_DEBUG=1 shows where.", err=True)
        sys.exit(INTERNAL)
    finally:
        gc.freeze()  # the interpreter's last collection would look at everything once more, for a fifth of a run


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on. [default: 127.0.0.1]")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on. [default: 8010]", min=0, max=65535)] = None,
    root: Root = None,
    allow_broken: Annotated[
        bool | None, typer.Option("--allow-broken", help="Serve what works; name the rest.")
    ] = None,
    reload: Annotated[
        bool, typer.Option("--reload", help="Serve the project's action files as they are edited.")
    ] = False,
    strict: Annotated[
        bool | None,
        typer.Option(
            "--strict/--no-strict",
            help="Answer 500 where server and OpenAPI document disagree. [default: on with --reload]",
            show_default=False,
        ),
    ] = None,
    database: Annotated[
        str | None, typer.Option(metavar="URL", help="Where executions are kept. [default: sqlite:///var/bud.db]")
    ] = None,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="Leave the steps to bud worker.")] = False,
) -> None:
    """Serve the catalog and run pipelines, over HTTP until Ctrl-C; with the actions installed, or those at --root."""
    if reload:
        require_generator()
    from bud_server import serving
    from bud_server.catalog.served import CatalogError
    from bud_server.settings import SettingsError

    try:
        given = {"host": host, "port": port, "allow_broken": allow_broken, "strict": strict, "database": database}
        serving.serve(given, root, reload=reload, has_worker=not no_worker)
    except (CatalogError, SettingsError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error


class DoctorFormat(enum.StrEnum):
    """How `doctor` prints."""

    text = "text"
    json = "json"


@app.command()
def doctor(
    root: Root = None,
    format: Annotated[DoctorFormat, typer.Option(help="How to print.")] = DoctorFormat.text,  # noqa: A002
) -> None:
    """Say what is installed and where, and what is wrong with it."""
    from bud_server.doctor import as_json, as_text, examine, is_healthy

    findings = examine(root)
    typer.echo(as_json(findings) if format is DoctorFormat.json else as_text(findings))
    raise typer.Exit(0 if is_healthy(findings) else FINDINGS)
