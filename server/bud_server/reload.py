"""Development: serve a project's action files, and use its executors, as they are edited.

A good edit replaces the catalog as a whole, or the executors that it concerns; then the generated files are brought up
to date. A broken edit leaves the last good catalog and executors in place and says what is wrong: in the terminal, in
/health and to those who listen at /actions/events.
"""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import typer
from starlette.applications import Starlette

from bud_actions.base import ActionRegistry, Discovery, ExecutorError
from bud_actions.base.packages import ActionPackage, Document
from bud_codegen import api, report, run
from bud_codegen.emit.python import catalog_json
from bud_codegen.memory import Stamp, stamp
from bud_codegen.problem import InvalidActionsError, Place, Problem
from bud_codegen.workspace import Workspace, WorkspaceError
from bud_schemas.shapes import merged_catalog
from bud_server.catalog.events import Broadcast
from bud_server.catalog.holder import CatalogHolder
from bud_server.catalog.served import ServedCatalog, served
from bud_server.executors import executor_problems

DEBOUNCE_MILLISECONDS, STEP_MILLISECONDS = 50, 20
"""How long to wait for more changes of the same save, at most and after each."""


def project_catalog(workspace: Workspace, others: Sequence[ActionPackage]) -> ServedCatalog:
    """Return the catalog of a project's action files as they stand, with those of other packages.

    Raises InvalidActionsError if a file is wrong, or if an action has the type or an alias of another package's.
    """
    document = json.loads(catalog_json(api.load_catalog(workspace.read_sources(), workspace.project)))
    taken = list(_taken(document["actions"].values(), others))
    if taken:
        raise InvalidActionsError(taken)
    return served(merged_catalog([*(each.document for each in others), document]))


def project_discovery(workspace: Workspace, others: Sequence[ActionPackage], catalog: ServedCatalog) -> Discovery:
    """Return what a registry finds in a project's catalog, and in the other packages."""
    entries = {name: entry for name, entry in catalog.entries.items() if _is_own(workspace, entry)}
    older = {name: entry for name, entry in catalog.older.items() if _is_own(workspace, entry)}
    project = ActionPackage(
        distribution=str(workspace.root),
        version="",
        entry=workspace.project.prefix,
        style="catalog",
        entries=entries,
        categories=(),
        digest=catalog.digest,
        older=older,
    )
    return Discovery(packages=(project, *others))


def _is_own(workspace: Workspace, entry: Document) -> bool:
    executor: str = entry["executor"]
    return executor.startswith(f"{workspace.project.executors}.")


def _taken(entries: Iterable[Document], others: Sequence[ActionPackage]) -> Iterator[Problem]:
    """Yield a problem for each name of an action that another package has an action for."""
    owners = {name: (package, each) for package in others for each in package.entries.values() for name in _names(each)}
    for entry, name in ((each, name) for each in entries for name in _names(each) if name in owners):
        package, other = owners[name]
        origin = f"{package.distribution} {package.version} (entry {package.entry}, action {other['meta']['type']})"
        hint = f"rename the action, or pip uninstall {package.distribution}"
        yield Problem(Place(entry["source"]), "duplicate-action", f"`{name}` is also claimed by {origin}", hint)


def _names(entry: Document) -> list[str]:
    return [entry["meta"]["type"], *entry["meta"]["aliases"]]


class Reloader:
    """Watches a project for as long as the server runs."""

    def __init__(
        self,
        workspace: Workspace,
        others: Sequence[ActionPackage],
        holder: CatalogHolder,
        broadcast: Broadcast,
        registry: ActionRegistry,
    ) -> None:
        self._workspace = workspace
        self._others = others
        self._holder = holder
        self._broadcast = broadcast
        self._registry = registry
        self._folder = workspace.root / workspace.project.actions
        self._is_stale = asyncio.Event()
        self._file_problems: list[str] = []
        """What is wrong with the action files."""
        self._executor_problems: dict[Path, list[str]] = {}
        """What is wrong with executors, and with what they import, by file."""
        self._import_problems: dict[Path, str] = {}
        """Why executors that were never in use cannot be imported, by file."""
        self._is_stale.set()

    @asynccontextmanager
    async def lifespan(self, _app: Starlette) -> AsyncIterator[None]:
        """Watch until the server stops."""
        await self._check_executors(self._folder.rglob("*.py"))
        self._tell_problems()
        tasks = [asyncio.create_task(self._watch()), asyncio.create_task(self._keep_generated())]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _watch(self) -> None:
        import watchfiles

        async for changes in watchfiles.awatch(self._folder, debounce=DEBOUNCE_MILLISECONDS, step=STEP_MILLISECONDS):
            paths = {Path(path) for _, path in changes}
            if any(path.suffix in (".yaml", ".yml") for path in paths):
                await self._reload_catalog()
            edited = [path for path in paths if path.suffix == ".py"]
            if edited:
                await self._reload_executors(edited)
            self._tell_problems()
            self._is_stale.set()

    async def _reload_catalog(self) -> None:
        """Replace the catalog if the files are right; say what is wrong if not."""
        try:
            catalog = await asyncio.to_thread(project_catalog, self._workspace, self._others)
        except InvalidActionsError as error:
            self._file_problems = [str(problem) for problem in error.problems]
            typer.echo(report.as_text(error.problems, self._workspace.read_sources()), err=True)
            typer.echo("the last good catalog is still served", err=True)
            return
        self._file_problems = []
        if catalog.digest != self._holder.current.digest:
            self._registry.renew(project_discovery(self._workspace, self._others, catalog))
            self._holder.current = catalog
            self._broadcast.send_catalog()
            typer.echo(f"serving {len(catalog.entries)} actions, catalog {catalog.digest[:12]}")

    async def _check_executors(self, paths: Iterable[Path]) -> list[Path]:
        """Say what is wrong with Python files; return those that are right."""
        right = []
        for path in paths:
            shown = path.relative_to(self._workspace.root).as_posix()
            problems = await asyncio.to_thread(executor_problems, path, shown)
            self._note_executor(path, problems)
            if not problems:
                right.append(path)
        return right

    def _note_executor(self, path: Path, problems: list[str]) -> None:
        self._executor_problems[path] = problems
        for problem in problems:
            typer.echo(f"{problem}\nthe last good executor stays in use", err=True)

    async def _reload_executors(self, edited: list[Path]) -> None:
        """Take edited code into use if it is right; say what is wrong if not."""
        for path in await self._check_executors(edited):
            try:
                types = await asyncio.to_thread(self._registry.reload, [self._module(path)])
            except ExecutorError as error:
                shown = path.relative_to(self._workspace.root).as_posix()
                self._note_executor(path, [f"{shown}:1:1: error: {error}"])
            else:
                typer.echo(f"{self._module(path)} is used as edited{_by(types)}")

    def _module(self, path: Path) -> str:
        parts = path.relative_to(self._folder).with_suffix("").parts
        return ".".join([self._workspace.project.executors, *(part for part in parts if part != "__init__")])

    def _tell_problems(self) -> None:
        """Publish what is wrong, if it is not what it was."""
        problems = [*self._file_problems, *(each for found in self._executor_problems.values() for each in found)]
        problems += [said for path, said in self._import_problems.items() if not self._executor_problems.get(path)]
        if problems != self._holder.problems:
            self._holder.problems = problems
            self._broadcast.send_problems()

    async def _keep_generated(self) -> None:
        """Bring the generated files up to date after edits; what is served does not wait for it."""
        while await self._is_stale.wait():
            self._is_stale.clear()
            before = self._generated_modules()
            try:
                await asyncio.to_thread(run.generate, self._workspace, run.ALL_TARGETS, lambda _line: None, False)
                changed = [name for name, seen in self._generated_modules().items() if before.get(name) != seen]
                await asyncio.to_thread(self._registry.reload, changed)
                await self._import_executors()
            except (InvalidActionsError, WorkspaceError, ExecutorError) as error:  # edited again, or not writable
                typer.echo(str(error), err=True)

    async def _import_executors(self) -> None:
        """Have all executors of the project in use, so that a broken edit leaves them so; say which cannot be."""
        found = {}
        for reference, entry in self._holder.current.versions:
            if not _is_own(self._workspace, entry):
                continue
            path = self._path_of_executor(entry)
            try:
                await asyncio.to_thread(self._registry.get_executor, reference)
            except ExecutorError as error:
                found[path] = f"{path.relative_to(self._workspace.root).as_posix()}:1:1: error: {error}"
                if found[path] != self._import_problems.get(path) and not self._executor_problems.get(path):
                    typer.echo(found[path], err=True)
        self._import_problems = found
        self._tell_problems()

    def _path_of_executor(self, entry: Document) -> Path:
        module: str = entry["executor"].partition(":")[0]
        return (self._workspace.root / "actions" / module.replace(".", "/")).with_suffix(".py")

    def _generated_modules(self) -> dict[str, Stamp | None]:
        """Return the stamps of the generated modules that are imported, by name."""
        prefix = f"{self._workspace.project.package}."
        loaded = [(name, module.__file__) for name, module in sys.modules.copy().items() if name.startswith(prefix)]
        return {name: stamp(path) for name, path in loaded if path is not None}


def _by(types: list[str]) -> str:
    return f", by {', '.join(types)}" if types else ""
