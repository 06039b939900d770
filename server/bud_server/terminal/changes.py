"""`diff` and `changelog`: parse, call, print. Heavy imports happen inside the commands."""

import enum
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bud_codegen.cli import FINDINGS, Root, app, refuse, style

if TYPE_CHECKING:
    from bud_codegen.diff.outcome import Outcome
    from bud_codegen.diff.run import Comparison
    from bud_codegen.diff.usage import Usage
    from bud_codegen.workspace import Workspace

Against = Annotated[
    str | None,
    typer.Option(
        metavar="REF|DIR|PACKAGE",
        help="A git ref, a project's folder, or an installed distribution. [default: where HEAD left main]",
        show_default=False,
    ),
]


class Format(enum.StrEnum):
    """How the changes are printed."""

    text = "text"
    json = "json"
    github = "github"
    sarif = "sarif"
    markdown = "markdown"


class FailOn(enum.StrEnum):
    """What ends `diff` with exit code 1."""

    error = "error"
    danger = "danger"


@app.command()
def diff(
    against: Against = None,
    format: Annotated[Format, typer.Option(help="How to print.")] = Format.text,  # noqa: A002
    fail_on: Annotated[FailOn, typer.Option(help="The least that fails the run, unless approved.")] = FailOn.error,
    pipelines: Annotated[
        list[str] | None,
        typer.Option(metavar="DIR|FILE|URL", help="Pipelines to check against both sides; may be given several times."),
    ] = None,
    approvals: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Approved findings. [default: .bud-approvals.yaml of the project]"),
    ] = None,
    root: Root = None,
) -> None:
    """Say what changed, whom it breaks and where."""
    from bud_codegen.diff.finding import Verdict
    from bud_codegen.diff.outcome import outcome_of
    from bud_codegen.diff.run import approvals_in
    from bud_codegen.workspace import open_workspace

    today = _today()
    with _faults_told():
        workspace = open_workspace(root)
        found = _compared(workspace, against, today)
        outcome = outcome_of(
            found.name,
            found.before,
            found.after,
            found.findings,
            fail_on=Verdict[fail_on.value],
            approvals=approvals_in(workspace, approvals),
            usage=_usage(workspace, found, pipelines or []),
            today=today,
        )
    _print(outcome, format)
    raise typer.Exit(FINDINGS if outcome.has_failed else 0)


@app.command()
def changelog(against: Against = None, root: Root = None) -> None:
    """Print what changed as Markdown, for those who use the actions."""
    from bud_codegen.diff.changelog import changelog
    from bud_codegen.workspace import open_workspace

    with _faults_told():
        found = _compared(open_workspace(root), against, _today())
    typer.echo(changelog(found.name, found.before, found.after, found.findings))


def _today() -> date:
    return datetime.now(UTC).date()


def _compared(workspace: "Workspace", against: str | None, today: date) -> "Comparison":
    from bud_codegen.diff.run import compared

    return compared(workspace, against, today, lambda note: typer.echo(note, err=True))


def _usage(workspace: "Workspace", found: "Comparison", pipelines: list[str]) -> "Usage":
    from bud_codegen.diff.run import used_by_executors
    from bud_codegen.diff.usage import Usage, merged

    in_executors = used_by_executors(workspace, found)
    if not pipelines:
        return Usage(uses=in_executors)
    from bud_server.usage import pipeline_usage

    token = os.environ.get("BUD_TOKEN", "")
    return merged(pipeline_usage(pipelines, token, found.before, found.after, found.findings), in_executors)


def _print(outcome: "Outcome", format: Format) -> None:  # noqa: A002
    from bud_codegen.diff.formats import FORMATS
    from bud_codegen.diff.formats.text import as_text

    typer.echo(as_text(outcome, style) if format is Format.text else FORMATS[format.value](outcome))


@contextmanager
def _faults_told() -> Iterator[None]:
    """Print why there is nothing to compare, and exit."""
    from bud_codegen import report
    from bud_codegen.diff.baseline import BaselineError
    from bud_codegen.diff.run import BrokenSideError
    from bud_codegen.diff.usage import UsageError
    from bud_codegen.workspace import WorkspaceError

    try:
        yield
    except BrokenSideError as error:
        typer.echo(report.as_text(error.problems, error.sources, style), err=True)
        refuse(str(error))
    except (BaselineError, UsageError, WorkspaceError) as error:
        refuse(str(error))
