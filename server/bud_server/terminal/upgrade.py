"""Bring saved pipelines, or pipelines in files, up to the newest versions of their actions."""

import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

from sqlalchemy import Row, select

from bud_schemas.migrations import Edit
from bud_server.catalog.served import ServedCatalog
from bud_server.pipelines import load_text
from bud_server.pipelines.content import Content, InvalidError, examined
from bud_server.pipelines.read import unwrapped
from bud_server.pipelines.saved import ChangedError, SavedPipelines, pins_of
from bud_server.pipelines.upgrade import StepUpgrade, Upgraded, upgraded
from bud_server.runtime.found import Found
from bud_server.runtime.secrets import Secrets
from bud_server.runtime.store import migrate
from bud_server.runtime.store.database import Database
from bud_server.runtime.store.tables import pipelines
from bud_server.settings import SETTINGS_FILE, load_settings
from bud_server.terminal.actions import actions_of
from bud_server.terminal.given import UsageError

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
        self.details += [f"{name}: cannot be upgraded" if errors else name, *(f"  {step}" for step in steps)]
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
    definition, pins = json.loads(row.definition), pins_of(row)
    if not definition.get("steps"):
        report.current += 1
        return
    found = upgraded(definition, pins, catalog)
    if not found.steps:
        report.current += 1
        return
    opened = secrets.open(found.definition, Found())
    errors = _errors(opened, catalog.pinned(found.pins), is_stored=True)
    if not errors and saved is not None:
        try:
            _replace(saved, row, found).result()
        except ChangedError:
            errors = ["it was changed meanwhile; run the command again"]
    report.add(f"pipeline {row.name} ({row.id})", found.steps, errors)


def _replace(saved: SavedPipelines, row: Row[Any], found: Upgraded) -> "Future[Row[Any]]":
    content = Content(row.name, found.definition, row.description, row.step_count, found.pins)
    return saved.update(row, content, row.icon)


def upgrade_files(files: Iterable[Path], root: Path | None, write: bool) -> Report:
    """Upgrade pipelines in files, YAML or JSON; comments stay. Raises UsageError, CatalogError and SettingsError."""
    catalog = actions_of(root, allow_broken=False).catalog
    report = Report(write)
    for path in files:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"{path} cannot be read: {error}") from error
        _upgrade_file(path, text, catalog, report)
    return report


def _upgrade_file(path: Path, text: str, catalog: ServedCatalog, report: Report) -> None:
    file = load_text(text, str(path))
    if file.reading.pipeline is None:
        report.add(str(path), (), [f"{each.printed(str(path))}" for each in file.reading.problems])
        return
    found = upgraded(_definition(file.document.data), {}, catalog)
    if not found.steps:
        report.current += 1
        return
    errors = _errors(found.definition, catalog, is_stored=False)
    if not errors and report.is_writing:
        path.write_text(_rewritten(text, path, found.steps), encoding="utf-8")
    report.add(str(path), found.steps, errors)


def _definition(document: Any) -> Any:
    """Return the definition in a document, which may stand under `dag`."""
    return unwrapped(document)


def _errors(definition: object, catalog: ServedCatalog, *, is_stored: bool) -> list[str]:
    try:
        _, problems = examined(definition, catalog, stored=is_stored)
    except InvalidError as error:
        return error.errors
    return [each.text for each in problems if each.is_error]


def _rewritten(text: str, path: Path, steps: Iterable[StepUpgrade]) -> str:
    """Return a file's text with its steps changed."""
    if path.suffix.lower() == ".json":
        document = json.loads(text)
        _change(_definition(document), steps)
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096  # no line is folded that its author did not fold
    offset = _offset(text)
    yaml.indent(mapping=2, sequence=offset + 2, offset=offset)
    document = yaml.load(text)
    _change(_definition(document), steps)
    written = StringIO()
    yaml.dump(document, written)
    return written.getvalue()


def _offset(text: str) -> int:
    """Return by how many columns the author indents the items of the list of steps."""
    found = re.search(r"^( *)steps:[^\S\n]*(?:#.*)?\n(?:[^\S\n]*(?:#.*)?\n)*( *)-", text, re.MULTILINE)
    return max(0, len(found[2]) - len(found[1])) if found else 0


def _change(definition: Any, steps: Iterable[StepUpgrade]) -> None:
    for change in steps:
        step = definition["steps"][change.index]
        step["action"] = change.after
        if change.edits and step.get("params") is None:
            step["params"] = {}
        for edit in change.edits:
            _edit(step["params"], edit)


def _edit(params: Any, edit: Edit) -> None:
    """Change params in place; a renamed one stays where it is, with its comments."""
    if edit.kind == "drop":
        del params[edit.name]
    elif edit.kind != "rename":
        params[edit.name] = edit.value
    else:
        following = list(_taken_after(params, edit.name))
        comments = getattr(params, "ca", None)
        comment = comments.items.pop(edit.name, None) if comments else None
        params[edit.value] = params.pop(edit.name)
        params.update(following)
        if comment is not None:
            params.ca.items[edit.value] = comment


def _taken_after(params: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Take the params that stand after one out, and yield them."""
    names = list(params)
    for each in names[names.index(name) + 1 :]:
        yield each, params.pop(each)
