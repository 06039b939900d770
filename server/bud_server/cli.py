"""The `bud` command as installed: the generator's commands, and `serve`."""

import gc
import os
import sys
from typing import Annotated

try:
    import typer
except ModuleNotFoundError:
    sys.exit("bud needs more than the core install: pip install 'bud-actions[codegen,server]'")

from bud_codegen.cli import Root, app

INTERNAL = 3
"""Exit code of a fault in bud itself."""


def main() -> None:
    """Run the command line."""
    try:
        app()
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
) -> None:
    """Serve the catalog over HTTP until Ctrl-C; of the installed actions, or of the project at --root."""
    from bud_server import serving
    from bud_server.catalog.served import CatalogError
    from bud_server.settings import SettingsError

    try:
        serving.serve({"host": host, "port": port, "allow_broken": allow_broken}, root, reload=reload)
    except (CatalogError, SettingsError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
