"""Development: serve a project's action files as they are edited.

A good edit replaces the catalog as a whole, then the generated files are brought up to date. A broken edit leaves the
last good catalog in place and says what is wrong: in the terminal, in /health and to those who listen at
/actions/events.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any

import typer
from starlette.applications import Starlette

from bud_codegen import api, report, run
from bud_codegen.emit.python import catalog_json
from bud_codegen.problem import InvalidActionsError
from bud_codegen.workspace import Workspace, WorkspaceError
from bud_schemas.shapes import merged_catalog
from bud_server.catalog.events import Broadcast
from bud_server.catalog.holder import CatalogHolder
from bud_server.catalog.served import ServedCatalog, served

DEBOUNCE_MILLISECONDS = 50
"""How long to wait for more changes of the same save."""


def project_catalog(workspace: Workspace, others: list[Mapping[str, Any]]) -> ServedCatalog:
    """Return the catalog of a project's action files as they stand, with those of other packages.

    Raises InvalidActionsError if a file is wrong.
    """
    document = json.loads(catalog_json(api.load_catalog(workspace.read_sources(), workspace.project)))
    return served(merged_catalog([*others, document]))


class Reloader:
    """Watches a project for as long as the server runs."""

    def __init__(
        self, workspace: Workspace, others: list[Mapping[str, Any]], holder: CatalogHolder, broadcast: Broadcast
    ) -> None:
        self._workspace = workspace
        self._others = others
        self._holder = holder
        self._broadcast = broadcast

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        """Watch until the server stops."""
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _watch(self) -> None:
        import watchfiles

        folder = self._workspace.root / self._workspace.project.actions
        async for changes in watchfiles.awatch(folder, debounce=DEBOUNCE_MILLISECONDS, step=20):
            if any(path.endswith((".yaml", ".yml")) for _, path in changes):
                await self.reload()

    async def reload(self) -> None:
        """Replace the catalog if the files are right; say what is wrong if not."""
        try:
            catalog = await asyncio.to_thread(project_catalog, self._workspace, self._others)
        except InvalidActionsError as error:
            self._refuse(error)
            return
        self._holder.problems = []
        if catalog.digest != self._holder.current.digest:
            self._holder.current = catalog
            self._broadcast.send_catalog()
            typer.echo(f"serving {len(catalog.entries)} actions, catalog {catalog.digest[:12]}")
        await self._generate()

    def _refuse(self, error: InvalidActionsError) -> None:
        self._holder.problems = [str(problem) for problem in error.problems]
        self._broadcast.send_problems()
        typer.echo(report.as_text(error.problems, self._workspace.read_sources()), err=True)
        typer.echo("the last good catalog is still served", err=True)

    async def _generate(self) -> None:
        """Bring the generated files up to date; what is served does not wait for it."""
        try:
            await asyncio.to_thread(run.generate, self._workspace, run.ALL_TARGETS, lambda _line: None, False)
        except (InvalidActionsError, WorkspaceError) as error:  # edited again in between, or not writable
            typer.echo(str(error), err=True)
