"""Commands around pipelines and their database: parse, call, print. Heavy imports happen inside the commands."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from bud_codegen.cli import FINDINGS, USAGE, app
from bud_server.simulator.options import EVENTS, PORT, SPEED

DatabaseUrl = Annotated[
    str | None,
    typer.Option("--database", metavar="URL", help="Where executions are kept. [default: sqlite:///var/bud.db]"),
]
Root = Annotated[Path | None, typer.Option(help="Use the actions of this project's folder, beside the installed ones.")]
db = typer.Typer(help="Look after the database of pipelines and executions.", no_args_is_help=True)
app.add_typer(db, name="db")
pipelines = typer.Typer(help="Look after saved pipelines.", no_args_is_help=True)
app.add_typer(pipelines, name="pipelines")


@app.command()
def run(
    pipeline: Annotated[Path, typer.Argument(metavar="PIPELINE", help="A pipeline's file, YAML or JSON.")],
    param: Annotated[
        list[str] | None, typer.Option("--param", metavar="NAME=VALUE", help="A param, read as its type says.")
    ] = None,
    params: Annotated[Path | None, typer.Option("--params", metavar="FILE", help="Params as a JSON object.")] = None,
    database: DatabaseUrl = None,
    root: Root = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as one JSON document.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Show no progress.")] = False,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="End when only events or moments are waited for.")] = False,
) -> None:
    """Run a pipeline here, and show how it gets on. Its outputs go to standard output, all else to standard error."""
    from bud_server.terminal.given import UsageError
    from bud_server.terminal.run import Options, run_pipeline

    options = Options(pipeline, tuple(param or ()), params, database, root, as_json, quiet, no_wait)
    with _faults_told():
        try:
            code = run_pipeline(options)
        except UsageError as error:
            typer.echo(f"error: {error}", err=True)
            code = USAGE
    raise typer.Exit(code)


@app.command()
def worker(
    database: DatabaseUrl = None,
    capacity: Annotated[
        int | None, typer.Option(metavar="N", help="Steps to run at a time. [default: 32]", min=1, max=10_000)
    ] = None,
    root: Root = None,
) -> None:
    """Run steps of all pipelines in a database, without HTTP, until SIGTERM or Ctrl-C."""
    from bud_server.terminal.worker import work

    with _faults_told():
        work(database, capacity, root)


@app.command(context_settings={"allow_interspersed_args": False})
def simulate(
    command: Annotated[
        list[str] | None, typer.Argument(metavar="[COMMAND]...", help="What to run meanwhile, such as bud serve.")
    ] = None,
    port: Annotated[
        int, typer.Option(help="Port to listen on; 0 lets the system choose one.", min=0, max=65535)
    ] = PORT,
    events: Annotated[str, typer.Option(metavar="URL", help="Where events are posted.")] = EVENTS,
    speed: Annotated[float, typer.Option(help="How many times faster than real work is done.", min=0.001)] = SPEED,
    seed: Annotated[
        int | None, typer.Option(help="Makes chance and ids the same each time; for a new database of the server.")
    ] = None,
    failures: Annotated[float, typer.Option(help="Share of work and calls that fail.", min=0, max=1)] = 0,
    duplicates: Annotated[float, typer.Option(help="Share of work whose events come twice.", min=0, max=1)] = 0,
    early: Annotated[float, typer.Option(help="Share of work whose events come before the answer.", min=0, max=1)] = 0,
    lost: Annotated[float, typer.Option(help="Share of calls that have effect, but no answer.", min=0, max=1)] = 0,
    settings: Annotated[bool, typer.Option("--settings", help="Print the settings that bud serve needs; end.")] = False,
) -> None:
    """Simulate budapp, budcluster, budsim and budnotify on this machine, until Ctrl-C or until a command ends."""
    from bud_server.simulator import serving
    from bud_server.simulator.options import Options

    with _faults_told():
        token = serving.token()
        if settings:
            serving.print_settings(port, token)
            return
        options = Options(
            events=events,
            token=token,
            speed=speed,
            seed=seed,
            failures=failures,
            duplicates=duplicates,
            early=early,
            lost=lost,
        )
        code = serving.simulate(options, port, command or ())
    raise typer.Exit(code)


@db.command()
def upgrade(database: DatabaseUrl = None) -> None:
    """Bring the tables up to date; servers and workers do so as well when they start."""
    from bud_server.terminal.database import upgrade

    with _faults_told():
        typer.echo(upgrade(database))


@db.command()
def check(database: DatabaseUrl = None) -> None:
    """Fail if the tables are not those that this version uses."""
    from bud_server.terminal.database import check

    with _faults_told():
        typer.echo(check(database))


@pipelines.command(name="upgrade")
def upgrade_pipelines(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="Pipelines in files. [default: those saved in the database]"),
    ] = None,
    write: Annotated[bool, typer.Option("--write", help="Change them; otherwise only say what would change.")] = False,
    database: DatabaseUrl = None,
    root: Root = None,
) -> None:
    """Bring pipelines up to the newest versions of their actions, as the migrations of those say."""
    from bud_server.terminal.given import UsageError
    from bud_server.terminal.upgrade import upgrade_files, upgrade_saved

    with _faults_told():
        try:
            report = upgrade_files(files, root, write) if files else upgrade_saved(database, root, write)
        except UsageError as error:
            typer.echo(f"error: {error}", err=True)
            raise typer.Exit(USAGE) from error
    for line in report.lines:
        typer.echo(line)
    raise typer.Exit(FINDINGS if report.blocked else 0)


@app.command(name="secret-key")
def secret_key() -> None:
    """Print a new key for secret values: what the setting secret_key holds."""
    from cryptography.fernet import Fernet

    typer.echo(Fernet.generate_key().decode())


@contextmanager
def _faults_told() -> Iterator[None]:
    """Print what a person can mend, and exit."""
    from bud_server.catalog.served import CatalogError
    from bud_server.runtime.secrets import SecretsError
    from bud_server.runtime.store.database import DatabaseError
    from bud_server.settings import SettingsError

    try:
        yield
    except (CatalogError, DatabaseError, SecretsError, SettingsError) as error:
        typer.echo(f"error: {error}", err=True)
        raise typer.Exit(FINDINGS) from error
