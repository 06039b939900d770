"""The `bud` command: parse, call, print. Heavy imports happen inside the commands."""

import enum
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from bud_codegen.installed import Listed
    from bud_codegen.lint.settings import Settings
    from bud_codegen.load import Source
    from bud_codegen.model import Catalog
    from bud_codegen.problem import InvalidActionsError, Problem
    from bud_codegen.workspace import Workspace

app = typer.Typer(
    help="Pipeline actions: defined once, in YAML, everything else derived.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

FINDINGS, USAGE = 1, 2
"""Exit codes; 0 means nothing was found."""

Root = Annotated[Path | None, typer.Option(help="The project's folder. [default: the one around this folder]")]


class Format(enum.StrEnum):
    """How findings are printed."""

    text = "text"
    json = "json"
    github = "github"
    sarif = "sarif"


@app.command()
def generate(
    check: Annotated[bool, typer.Option("--check", help="Write nothing; fail if a run would change anything.")] = False,
    root: Root = None,
    only: Annotated[str, typer.Option(help="Targets, with commas: python,openapi,typescript,docs,editor.")] = "",
    stats: Annotated[bool, typer.Option("--stats", help="Print what each part took.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Run again whenever an action file changes.")] = False,
) -> None:
    """Derive everything from the action files."""
    from bud_codegen import run

    if check and watch:
        refuse("--check and --watch do not go together")
    require_generator()
    workspace = _workspace(root)
    targets = _targets(only)
    print_line: Callable[[str], None] = typer.echo
    if watch:
        run.watch(workspace, targets, print_line, _print_problems)
        return
    try:
        ok = run.check(workspace, targets, print_line) if check else run.generate(workspace, targets, print_line, stats)
    except Exception as error:
        _explain(error, workspace)
    raise typer.Exit(0 if ok else FINDINGS)


class FailOn(enum.StrEnum):
    """What ends `bud lint` with exit code 1."""

    error = "error"
    warning = "warning"


@app.command()
def lint(
    root: Root = None,
    category: Annotated[str | None, typer.Option(help="minimal, standard or strict. [default: the settings']")] = None,
    rule: Annotated[list[str] | None, typer.Option(help="Only this rule; may be given several times.")] = None,
    fail_on: Annotated[FailOn, typer.Option(help="The least that fails the run.")] = FailOn.error,
    format: Annotated[Format, typer.Option(help="How to print.")] = Format.text,  # noqa: A002
) -> None:
    """Say everything that is wrong with the actions, and what could be better."""
    from bud_codegen.lint import lint as find_problems

    workspace = _workspace(root)
    sources = workspace.read_sources()
    try:
        settings = _lint_settings(workspace, category, rule or ())
        python = workspace.read_python()
        problems = find_problems(workspace.project, sources, python, settings, datetime.now(UTC).date())
    except Exception as error:
        _explain(error, workspace)
    _print_findings(workspace, problems, {**sources, **python}, format)
    fails = any(problem.is_error or fail_on is FailOn.warning for problem in problems)
    raise typer.Exit(FINDINGS if fails else 0)


def _lint_settings(workspace: "Workspace", category: str | None, only: Iterable[str]) -> "Settings":
    from bud_codegen.lint.settings import read_settings, with_options

    return with_options(read_settings(workspace.lint_settings()), category, only)


def _print_findings(
    workspace: "Workspace",
    problems: "Sequence[Problem]",
    sources: "Mapping[str, Source]",
    format: Format,  # noqa: A002
) -> None:
    from bud_codegen import report

    if format is not Format.text:
        typer.echo(report.FORMATS[format.value](problems, sources))
    elif problems:
        typer.echo(report.as_text(problems, sources, style))
    else:
        typer.echo(f"{_count_actions(workspace, workspace.source_paths())}: nothing wrong")


@app.command()
def new(
    type: Annotated[str, typer.Argument(help="The action's type, such as slack_post.")],  # noqa: A002
    category: Annotated[str, typer.Option(help="One of the categories in categories.yaml.")],
    event_driven: Annotated[bool, typer.Option("--event-driven", help="It waits for an event.")] = False,
    root: Root = None,
) -> None:
    """Create an action file, its executor and its test."""
    from bud_codegen import create, run

    require_generator()
    workspace = _workspace(root)
    try:
        path = create.new_action(workspace, type, category, event_driven=event_driven)
        typer.echo(f"wrote {path}")
        ok = run.generate(workspace, run.ALL_TARGETS, typer.echo, stats=False)
    except Exception as error:
        _explain(error, workspace)
    raise typer.Exit(0 if ok else FINDINGS)


@app.command()
def init(
    name: Annotated[str, typer.Argument(help="Name of the distribution and its folder, such as my-actions.")],
) -> None:
    """Start an action package that pip can install, in a new folder."""
    from bud_codegen import create, package, run

    require_generator()
    try:
        workspace = package.new_package(Path.cwd(), name)
    except create.CreateError as error:
        refuse(str(error))
    try:
        ok = run.generate(workspace, run.ALL_TARGETS, typer.echo, stats=False)
    except Exception as error:
        _explain(error, workspace)
    typer.echo(f"{name} is there; next: cd {name} && make check")
    raise typer.Exit(0 if ok else FINDINGS)


@app.command(name="list")
def list_actions(
    package: Annotated[str | None, typer.Option(help="Only the actions of this installed distribution.")] = None,
    root: Root = None,
) -> None:
    """List the actions of the project by category; outside a project, or with --package, the installed ones."""
    if package and root:
        refuse("--package and --root do not go together: --package looks at what is installed")
    workspace = None if package else _project(root)
    if workspace:
        catalog = _catalog(workspace)
        listed = sorted(catalog.versions, key=lambda each: (catalog.order_of(each), -each.major))
        _print_actions([(action.reference, action.meta, "") for action in listed])
        return
    from bud_codegen.installed import InstalledError, installed_actions

    try:
        _print_actions(installed_actions(package, lambda note: typer.echo(note, err=True)))
    except InstalledError as error:
        refuse(str(error))


@app.command()
def show(type: Annotated[str, typer.Argument(help="The action's type.")], root: Root = None) -> None:  # noqa: A002
    """Print the metadata of an action, defaults filled in, as JSON."""
    import json

    typer.echo(json.dumps(_meta(root, type), indent=2, ensure_ascii=False))


@app.command()
def validate(
    type: Annotated[str, typer.Argument(help="The action's type.")],  # noqa: A002
    params: Annotated[str, typer.Option(help="The params as a JSON object; - reads it from standard input.")],
    root: Root = None,
) -> None:
    """Check params of an action."""
    import json

    from bud_schemas import ParamValidator

    meta = _meta(root, type)
    try:
        given = json.loads(sys.stdin.read() if params == "-" else params, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        refuse(f"--params is not JSON: {error}")
    if not isinstance(given, dict):
        refuse('--params must be a JSON object, such as \'{"message": "hello"}\'')
    problems = ParamValidator(meta).validate(given)
    for problem in problems:
        typer.echo(f"{style(problem.code, 'error')}: {problem.message}")
    if not problems:
        typer.echo("valid")
    raise typer.Exit(FINDINGS if problems else 0)


class About(enum.StrEnum):
    """What rules are about."""

    file = "file"
    executor = "executor"
    change = "change"
    approval = "approval"


@app.command()
def rules(
    category: Annotated[str | None, typer.Option(help="Those that minimal, standard or strict holds files to.")] = None,
    about: Annotated[
        About | None, typer.Option(help="Those about a file, an executor, a change or an approval.")
    ] = None,
    format: Annotated[Format, typer.Option(help="text or json.")] = Format.text,  # noqa: A002
) -> None:
    """List the rules that actions are held to."""
    import json

    from bud_codegen.lint.settings import SettingsError, rules_of

    try:
        listed = [rule for rule in rules_of(category) if about in (None, rule.about)]
    except SettingsError as error:
        refuse(str(error))
    if format is Format.json:
        typer.echo(json.dumps([rule._asdict() for rule in listed], indent=2))
    elif format is Format.text:
        width = max((len(rule.id) for rule in listed), default=0)
        for rule in listed:
            typer.echo(f"{rule.id:<{width}}  {rule.severity:<8} {rule.category:<9} {rule.about:<9} {rule.summary}")
    else:
        refuse("rules are printed as text or json")


@app.command()
def explain(rule: Annotated[str, typer.Argument(help="A rule's id, as findings show it in brackets.")]) -> None:
    """Explain a rule, with a file that breaks it and one that keeps it."""
    from bud_codegen.lint.settings import how_to_change
    from bud_codegen.rules import SEVERITIES, page
    from bud_codegen.validate.structure import suggestion

    if rule not in SEVERITIES:
        refuse(f"there is no rule {rule}; {suggestion(rule, list(SEVERITIES)) or 'bud rules lists them'}")
    typer.echo(page(rule))
    if (change := how_to_change(rule)) is not None:
        typer.echo(change)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _workspace(root: Path | None) -> "Workspace":
    from bud_codegen.workspace import WorkspaceError, open_workspace

    try:
        return open_workspace(root)
    except WorkspaceError as error:
        refuse(str(error))


def require_generator() -> None:
    """Refuse, before anything is written, where what generates is not installed."""
    from importlib.util import find_spec

    if find_spec("datamodel_code_generator") is None:
        refuse("this needs the extra codegen: pip install 'bud-actions[codegen]'")


def _project(root: Path | None) -> "Workspace | None":
    from bud_codegen.workspace import WorkspaceError, project_around

    try:
        return project_around(root)
    except WorkspaceError as error:
        refuse(str(error))


def _targets(only: str) -> tuple[str, ...]:
    from bud_codegen.run import ALL_TARGETS

    wanted = tuple(target.strip() for target in only.split(",") if target.strip())
    for target in wanted:
        if target not in ALL_TARGETS:
            refuse(f"--only: there is no target {target}; expected {', '.join(ALL_TARGETS)}")
    return wanted or ALL_TARGETS


def _catalog(workspace: "Workspace") -> "Catalog":
    from bud_codegen import api

    try:
        return api.load_catalog(workspace.read_sources(), workspace.project)
    except Exception as error:
        _explain(error, workspace)


def _meta(root: Path | None, action_type: str) -> Mapping[str, Any]:
    """Return the metadata of an action, by type or alias: the project's or, outside a project, an installed one."""
    from bud_codegen.installed import installed_actions
    from bud_codegen.validate.structure import suggestion
    from bud_schemas.shapes import names_of

    workspace = _project(root)
    if workspace:
        listed = [(action.reference, action.meta) for action in _catalog(workspace).versions]
    else:
        found = installed_actions(None, lambda note: typer.echo(note, err=True))
        listed = [(name, meta) for name, meta, _ in found]
    by_name = {called: meta for name, meta in listed for called in names_of(meta, is_newest="@" not in name)}
    if action_type not in by_name:
        hint = suggestion(action_type, [name for name, _ in listed]) or "bud list shows them"
        refuse(f"there is no action {action_type}; {hint}")
    return by_name[action_type]


def _print_actions(actions: "list[Listed]") -> None:
    """Print actions that are in the order of their categories."""
    width = max((len(name) for name, _, _ in actions), default=0)
    names = max((len(meta["name"]) for _, meta, _ in actions), default=0)
    for category, members in groupby(actions, lambda each: each[1]["category"]):
        typer.echo(style(category, "place"))
        for name, meta, origin in members:
            about = f"{meta['version']:<8} {meta['execution_mode']:<13} {meta['name']:<{names}}"
            typer.echo(f"  {name:<{width}}  {about}  {origin}".rstrip())


def _count_actions(workspace: "Workspace", sources: Iterable[str]) -> str:
    number = sum(not path.endswith("/categories.yaml") for path in sources)
    return f"{number} action file{'' if number == 1 else 's'} in {workspace.project.actions}"


def _explain(error: Exception, workspace: "Workspace") -> NoReturn:
    """Print an error that a person can act on and exit; anything else goes on to `main`."""
    from bud_codegen.create import CreateError
    from bud_codegen.lint.settings import SettingsError
    from bud_codegen.problem import InvalidActionsError
    from bud_codegen.workspace import WorkspaceError

    if isinstance(error, InvalidActionsError):
        _print_problems(workspace, error)
        raise typer.Exit(FINDINGS)
    if isinstance(error, WorkspaceError | CreateError | SettingsError):
        refuse(str(error))
    raise error


def _print_problems(workspace: "Workspace", error: "InvalidActionsError") -> None:
    from bud_codegen import report

    typer.echo(report.as_text(error.problems, workspace.read_sources(), style), err=True)


def refuse(message: str) -> NoReturn:
    """Say what is wrong with the command line or the project, and exit."""
    typer.echo(f"{style('error:', 'error')} {message}", err=True)
    raise typer.Exit(USAGE)


_COLORS = {"error": "red", "warning": "yellow", "place": "cyan", "frame": "blue", "hint": "green"}


def style(text: str, role: str) -> str:
    """Color a text of the terminal by its role."""
    return typer.style(text, fg=_COLORS[role], bold=role in ("error", "warning"))
