"""`fmt`, `deprecate` and `rename`: parse, call, print. Heavy imports happen inside the commands."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bud_codegen.cli import FINDINGS, Root, app, refuse, require_generator, style

if TYPE_CHECKING:
    from bud_codegen.edit.change import Change
    from bud_codegen.workspace import Workspace

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")]


@app.command()
def fmt(
    paths: Annotated[list[Path] | None, typer.Argument(help="Action files, or folders of them. [default: all]")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if a file would change.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what changes.")] = False,
    root: Root = None,
) -> None:
    """Put the keys of action files in order; comments and everything else stay."""
    from bud_codegen import report
    from bud_codegen.edit.formatting import chosen, formatting_of
    from bud_codegen.edit.store import store
    from bud_codegen.workspace import open_workspace

    with _told():
        workspace = open_workspace(root)
        sources = chosen(workspace, paths or [])
        formatting = formatting_of(workspace.project, sources)
        if not check:
            store(workspace, formatting.change)
    for path in formatting.change.before:
        typer.echo(f"{path}: {'not formatted; run bud fmt' if check else 'formatted'}")
    if diff:
        _print_diff(formatting.change.diff())
    if formatting.problems:
        typer.echo(report.as_text(formatting.problems, sources, style), err=True)
    typer.echo(formatting.summary)
    raise typer.Exit(FINDINGS if formatting.problems or (check and formatting.change.before) else 0)


@app.command()
def deprecate(
    what: Annotated[str, typer.Argument(metavar="TYPE[.params.NAME|.outputs.NAME]", help="What to deprecate.")],
    message: Annotated[str, typer.Option(help="What to do instead.")],
    replacement: Annotated[str | None, typer.Option(help="The action, param or output to use instead.")] = None,
    sunset: Annotated[str | None, typer.Option(metavar="YYYY-MM-DD", help="The day from which it is refused.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="VERSION", help="The version that deprecates it. [default: the new one]")
    ] = None,
    dry_run: DryRun = False,
    root: Root = None,
) -> None:
    """Mark an action, a param or an output as deprecated, and raise the version."""
    from datetime import date

    from bud_codegen.edit import deprecate as deprecation
    from bud_codegen.workspace import open_workspace

    with _told():
        workspace = open_workspace(root)
        notice = deprecation.Notice(message, replacement, sunset, since)
        part = deprecation.part_of(what)
        change = deprecation.deprecate(
            workspace.project,
            workspace.read_sources(),
            part,
            notice,
            date.today(),
        )
        _carry_out(workspace, change, is_dry=dry_run)
    if not dry_run:
        typer.echo("next: bud generate")


@app.command()
def rename(
    what: Annotated[str, typer.Argument(metavar="TYPE[.params.NAME]", help="What to rename.")],
    name: Annotated[str, typer.Argument(help="Its new name.")],
    dry_run: DryRun = False,
    root: Root = None,
) -> None:
    """Rename an action or a param; pipelines that use the old name go on working."""
    from bud_codegen import run
    from bud_codegen.edit.deprecate import part_of
    from bud_codegen.edit.rename import rename_action
    from bud_codegen.edit.rename_param import rename_param
    from bud_codegen.workspace import open_workspace

    require_generator()
    with _told():
        workspace = open_workspace(root)
        part = part_of(what)
        project, sources, modules = workspace.project, workspace.read_sources(), workspace.read_modules()
        if part.kind:
            change = rename_param(project, sources, modules, part, name)
        else:
            change = rename_action(project, sources, modules, part.action, name)
        _carry_out(workspace, change, is_dry=dry_run)
        if not dry_run:
            run.generate(workspace, run.ALL_TARGETS, typer.echo, stats=False)


def _carry_out(workspace: "Workspace", change: "Change", *, is_dry: bool) -> None:
    """Write a change, unless it is only to be shown, and show it."""
    from bud_codegen.edit.store import store

    if not is_dry:
        store(workspace, change)
    _print_diff(change.diff())
    for note in change.notes:
        typer.echo(f"note: {note}")


_DIFF_COLORS = {"+": typer.colors.GREEN, "-": typer.colors.RED, "@": typer.colors.CYAN}


def _print_diff(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(typer.style(line, fg=_DIFF_COLORS.get(line[:1])))


@contextmanager
def _told() -> Iterator[None]:
    """Print an error that a person can act on, and exit."""
    from bud_codegen import report
    from bud_codegen.edit.action_file import EditError, WrongSourcesError
    from bud_codegen.workspace import WorkspaceError

    try:
        yield
    except WrongSourcesError as error:
        typer.echo(report.as_text(error.problems, error.sources, style), err=True)
        typer.echo("nothing was written", err=True)
        raise typer.Exit(FINDINGS) from error
    except (EditError, WorkspaceError) as error:
        refuse(str(error))
