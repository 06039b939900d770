"""One comparison of a project on disk with what it is measured by."""

from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

from bud_codegen.diff.approvals import FILE, NONE, Approvals, read_approvals
from bud_codegen.diff.baseline import BaselineError, find_baseline
from bud_codegen.diff.compare import compare
from bud_codegen.diff.executors import executor_uses
from bud_codegen.diff.finding import Finding
from bud_codegen.diff.reading import side_of
from bud_codegen.diff.side import Side
from bud_codegen.diff.usage import Use
from bud_codegen.load import Source
from bud_codegen.problem import InvalidActionsError
from bud_codegen.workspace import Workspace


class Comparison(NamedTuple):
    """What changed since a baseline."""

    name: str
    """The baseline, as a person knows it."""
    before: Side
    after: Side
    findings: tuple[Finding, ...]


class BrokenSideError(Exception):
    """Action files of one side are so wrong that there is nothing to compare."""

    def __init__(self, name: str, error: InvalidActionsError, sources: Mapping[str, Source]) -> None:
        super().__init__(f"{name} cannot be compared: its action files are wrong")
        self.problems = error.problems
        self.sources = sources


def compared(workspace: Workspace, against: str | None, today: date, tell: Callable[[str], None]) -> Comparison:
    """Compare a project with a git ref, a folder or an installed distribution.

    Raises BaselineError, BrokenSideError and WorkspaceError.
    """
    baseline = find_baseline(workspace, against, tell)
    sources = workspace.read_sources()
    try:
        before = baseline.side()
    except InvalidActionsError as error:
        raise BrokenSideError(baseline.name, error, baseline.sources) from error
    try:
        after = side_of(workspace.project, sources, before)
    except InvalidActionsError as error:
        raise BrokenSideError("the project", error, sources) from error
    return Comparison(baseline.name, before, after, compare(before, after, today))


def approvals_in(workspace: Workspace, path: Path | None) -> Approvals:
    """Return the approvals in a file, by default the project's own if it has one. Raises BaselineError."""
    if path is None:
        content = workspace.read(FILE)
        return NONE if content is None else read_approvals(FILE, content)
    try:
        return read_approvals(str(path), path.read_bytes())
    except OSError as error:
        raise BaselineError(f"{path} cannot be read: {error.strerror}") from error


def used_by_executors(workspace: Workspace, comparison: Comparison) -> Mapping[str, tuple[Use, ...]]:
    """Return, by fingerprint, where the project's executors meet the findings."""
    return executor_uses(comparison.findings, comparison.before, comparison.after, workspace.read)
