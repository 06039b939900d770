"""The `bud` command as installed: the generator's commands, and `serve`."""

import gc
import os
import sys
from pathlib import Path
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
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.", min=0, max=65535)] = 8010,
    root: Root = None,
) -> None:
    """Serve the catalog over HTTP until Ctrl-C; of the installed actions, or of the project at --root."""
    import uvicorn

    from bud_server.app import create_app
    from bud_server.catalog import CatalogError, installed_catalog, read_catalog

    try:
        catalog = installed_catalog() if root is None else read_catalog(_catalog_path(root))
    except CatalogError as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(1) from error
    uvicorn.run(create_app(catalog), host=host, port=port, server_header=False)


def _catalog_path(root: Path) -> Path:
    from bud_codegen.workspace import WorkspaceError, open_workspace
    from bud_server.catalog import CatalogError

    try:
        workspace = open_workspace(root)
    except WorkspaceError as error:
        raise CatalogError(str(error)) from error
    return workspace.root / "generated" / "python" / workspace.project.package / "catalog.json"
