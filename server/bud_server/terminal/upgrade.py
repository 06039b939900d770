"""Bring saved pipelines, or pipelines in files, up to the newest versions of their actions."""

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select

from bud_server.catalog.served import ServedCatalog
from bud_server.pipelines import load_text
from bud_server.pipelines.content import Content, InvalidError, examined
from bud_server.pipelines.pins import written_for
from bud_server.pipelines.read import unwrapped
from bud_server.pipelines.saved import ChangedError, SavedPipelines, pins_of
from bud_server.pipelines.sealing import sealed
from bud_server.pipelines.upgrade import StepUpgrade, Upgraded, upgraded
from bud_server.runtime.found import Found
from bud_server.runtime.secrets import Secrets, SecretsError
from bud_server.runtime.store import migrate
from bud_server.runtime.store.database import Database
from bud_server.runtime.store.tables import pipelines
from bud_server.settings import SETTINGS_FILE, load_settings
from bud_server.terminal.actions import actions_of
from bud_server.terminal.given import UsageError
from bud_server.terminal.rewriting import RewriteError, rewritten

MOST_PROBLEMS = 5
"""Problems of one pipeline that are listed."""


@dataclass(slots=True)
class Report:
    """What was looked at and what came of it."""

    is_writing: bool
    changed: int = 0
    blocked: int = 0
    """Pipelines that the newest versions refuse."""
    current: int = 0
    details: list[str] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        """What a person is told."""
        done = "upgraded" if self.is_writing else "to upgrade"
        blocked = f", {self.blocked} not possible" if self.blocked else ""
        hint = ["nothing was written; --write does it"] if self.changed and not self.is_writing else []
        return [*self.details, f"{self.changed} {done}, {self.current} up to date{blocked}", *hint]

    def add(self, name: str, steps: Iterable[StepUpgrade], errors: Sequence[str]) -> None:
        """Note one pipeline: what changes about it, and what keeps it from being changed."""
        said = [f"  {step}" for step in steps]
        blocked = "cannot be upgraded" if said else "is wrong, and no migration mends it"
        self.details += [f"{name}: {blocked}" if errors else name, *said]
        self.details += [f"  error: {each}" for each in errors[:MOST_PROBLEMS]]
        if len(errors) > MOST_PROBLEMS:
            self.details.append(f"  and {len(errors) - MOST_PROBLEMS} more errors")
        self.blocked += bool(errors)
        self.changed += not errors


def upgrade_saved(database: str | None, root: Path | None, write: bool) -> Report:
    """Upgrade the pipelines of a database; each alone, so that one that cannot be keeps none from it.

    Raises CatalogError, DatabaseError, SecretsError and SettingsError.
    """
    file = SETTINGS_FILE if SETTINGS_FILE.is_file() else None
    settings = load_settings(os.environ, file, {"database": database})
    catalog = actions_of(root, allow_broken=settings.allow_broken).catalog
    secrets = Secrets(settings.secret_key)
    opened = Database(settings.database)
    report = Report(write)
    try:
        migrate.check(opened)
        opened.start()
        with opened.read() as on:
            rows = on.connection.execute(select(pipelines).order_by(pipelines.c.id)).all()
        for row in rows:
            _upgrade_row(row, catalog, secrets, SavedPipelines(opened) if write else None, report)
    finally:
        opened.close()
    return report


def _upgrade_row(
    row: Row[Any], catalog: ServedCatalog, secrets: Secrets, saved: SavedPipelines | None, report: Report
) -> None:
    definition = json.loads(row.definition)
    if not definition.get("steps"):
        report.current += 1
        return
    name = f"pipeline {row.name} ({row.id})"
    found = upgraded(definition, pins_of(row), catalog)
    try:
        if found.steps or not row.pins:
            opened = secrets.open(definition, Found())
            pins = pins_of(row) if row.pins else written_for(opened, catalog, stored=True) or {}
            found = upgraded(definition, pins, catalog, opened)
        errors = _errors_of(found, catalog, secrets)
        kept = sealed(found.definition, catalog.pinned(found.pins), secrets) if found.steps else definition
        if found.steps and not errors and saved is not None:
            content = Content(row.name, kept, row.description, row.step_count, found.pins)
            saved.update(row, content, row.icon).result()
    except SecretsError as error:
        errors = [str(error)]
    except ChangedError:
        errors = ["it was changed meanwhile; run the command again"]
    _note(report, name, found, errors)


def _errors_of(found: Upgraded, catalog: ServedCatalog, secrets: Secrets) -> list[str]:
    """Return what is wrong with an upgraded definition; in one that stays as it is, what is sealed is not looked at."""
    looked_at = secrets.open(found.definition, Found()) if found.steps else found.definition
    return _errors(looked_at, catalog.pinned(found.pins), is_stored=True)


def _note(report: Report, name: str, found: Upgraded, errors: Sequence[str]) -> None:
    if found.steps or errors:
        report.add(name, found.steps, errors)
    else:
        report.current += 1


def upgrade_files(files: Iterable[Path], root: Path | None, write: bool) -> Report:
    """Upgrade pipelines in files, YAML or JSON; comments stay. Raises UsageError, CatalogError and SettingsError."""
    catalog = actions_of(root, allow_broken=False).catalog
    report = Report(write)
    for path in files:
        try:
            content = path.read_bytes()
            text = content.decode()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{path} cannot be read: {error}") from error
        _upgrade_file(path, content, text, catalog, report)
    return report


def _upgrade_file(path: Path, content: bytes, text: str, catalog: ServedCatalog, report: Report) -> None:
    file = load_text(text, str(path))
    if file.reading.pipeline is None:
        report.add(str(path), (), [f"{each.printed(str(path))}" for each in file.reading.problems])
        return
    definition: Any = unwrapped(file.document.data)
    found = upgraded(definition, written_for(definition, catalog, stored=False) or {}, catalog)
    errors = _errors(found.definition, catalog, is_stored=False)
    if found.steps and not errors:
        try:
            changed = rewritten(content, path.name, definition, found)
        except RewriteError as error:
            errors = [str(error)]
        else:
            if report.is_writing:
                path.write_bytes(changed)
    _note(report, str(path), found, errors)


def _errors(definition: object, catalog: ServedCatalog, *, is_stored: bool) -> list[str]:
    try:
        _, problems = examined(definition, catalog, stored=is_stored)
    except InvalidError as error:
        return error.errors
    return [each.text for each in problems if each.is_error]
