"""Run one pipeline in this process, and show how it gets on."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TextIO

import typer

from bud_server.auth.identity import ANYONE
from bud_server.log import log, write_logs_as
from bud_server.pipelines import Pipeline
from bud_server.runtime.executions import Request
from bud_server.runtime.runtime import Runtime
from bud_server.runtime.secrets import masked
from bud_server.runtime.status import ExecutionStatus
from bud_server.settings import SETTINGS_FILE, Settings, load_settings
from bud_server.terminal import outcome, words
from bud_server.terminal.actions import actions_of
from bud_server.terminal.follow import Follower, How, View
from bud_server.terminal.given import Found, Given, read_given
from bud_server.terminal.interrupts import Interrupts
from bud_server.terminal.lines import Lines, Silence

COMPLETED, FAILED, INTERRUPTED = 0, 1, 130
"""Exit codes."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the command line says."""

    pipeline: Path
    params: tuple[str, ...]
    params_file: Path | None
    database: str | None
    root: Path | None
    is_json: bool
    is_quiet: bool
    is_impatient: bool
    """Whether to end when only events or moments are waited for."""


def run_pipeline(options: Options) -> int:
    """Run a pipeline and return the exit code.

    Raises UsageError, CatalogError, SettingsError, DatabaseError or SecretsError if it cannot begin.
    """
    settings = load_settings(
        os.environ, SETTINGS_FILE if SETTINGS_FILE.is_file() else None, {"database": options.database}
    )
    write_logs_as(settings.log_format)
    actions = actions_of(options.root, allow_broken=settings.allow_broken)
    given = read_given(options.pipeline, options.params, options.params_file, actions.catalog)
    for found in given.problems:
        _say(str(found))
    if given.pipeline is None:
        if options.is_json:
            problems = [_problem_document(each) for each in given.problems]
            typer.echo(outcome.as_json({"status": "INVALID", "problems": problems}))
        return FAILED
    runtime = Runtime(settings, lambda: actions.catalog, actions.executor_of)
    return _run(runtime, settings, options, given, given.pipeline)


def _run(runtime: Runtime, settings: Settings, options: Options, given: Given, pipeline: Pipeline) -> int:
    result = sys.stdout
    how = How.LEFT
    # what executors print is not the result
    with redirect_stdout(sys.stderr), Interrupts(signal.SIGINT, counted=2) as interrupts:
        log()
        runtime.start()
        try:
            asked = Request(
                pipeline=pipeline,
                warnings=given.warnings,
                params=given.params,
                subject=ANYONE,
                owner=ANYONE.id,
                initiator="terminal",
            )
            started = runtime.executions.start(asked).result()
            hints = None if options.is_impatient else partial(outcome.delivery, settings)
            with _view(options) as view:
                if not options.is_quiet:
                    view.remark(f"{words.one_line(pipeline.name)}: execution {started.id}")
                follower = Follower(runtime, started, view, interrupts, hints)
                how = follower.follow()
            return _tell(how, follower, options, given, result)
        finally:
            runtime.close(0 if how is How.LEFT else None)


@contextmanager
def _view(options: Options) -> Iterator[View]:
    """Show progress as the terminal allows, and leave it in order."""
    if options.is_quiet:
        yield Silence(sys.stderr)
        return
    from rich.console import Console

    console = Console(stderr=True)
    if not (sys.stderr.isatty() and console.is_terminal and not console.is_dumb_terminal):
        yield Lines(sys.stderr)
        return
    from bud_server.terminal.table import LiveTable

    view = LiveTable(console)
    try:
        yield view
    finally:
        view.close()


def _tell(how: How, follower: Follower, options: Options, given: Given, result: TextIO) -> int:
    """Say what became of the execution, and return the exit code."""
    state = follower.state
    problem = outcome.failure(state, given.file)
    if problem is not None:
        _say(problem.printed(given.file.name))
    if not options.is_quiet or how is not How.ENDED:
        _say(outcome.summary(state, how, follower.now))
    if options.is_json:
        typer.echo(outcome.as_json(outcome.document(state, problem, given.file)), file=result)
    elif state.status is ExecutionStatus.COMPLETED:
        typer.echo(outcome.as_json(masked(state.outputs or {})), file=result)
    if how is How.LEFT or (state.status is ExecutionStatus.CANCELLED and follower.is_cancelled_here):
        return INTERRUPTED
    return COMPLETED if how is How.WAITS or state.status is ExecutionStatus.COMPLETED else FAILED


def _problem_document(found: Found) -> dict[str, object]:
    problem = found.problem
    line, column = problem.place or (None, None)
    return {
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message,
        "hint": problem.hint,
        "where": found.where,
        "line": line,
        "column": column,
    }


def _say(line: str) -> None:
    typer.echo(line, err=True)
