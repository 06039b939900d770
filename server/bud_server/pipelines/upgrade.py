"""Bring a pipeline up to the newest versions of its actions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bud_schemas.migrations import Edit, edited, migration_edits
from bud_schemas.shapes import major_of
from bud_server.catalog.served import ServedCatalog

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StepUpgrade:
    """What changes about one step."""

    index: int
    """Place in the definition, from 0."""
    step: str
    """Its id."""
    before: str
    """What the step called its action."""
    after: str
    """What it calls it now."""
    from_major: int
    to_major: int
    edits: tuple[Edit, ...]

    def __str__(self) -> str:
        """Say it in a line."""
        name = self.before if self.before == self.after else f"{self.before}, now {self.after}"
        versions = "" if self.from_major == self.to_major else f" {self.from_major} -> {self.to_major}"
        return "; ".join([f"step {self.step}: {name}{versions}", *map(_said, self.edits)])


def _said(edit: Edit) -> str:
    if edit.kind == "rename":
        return f"{edit.name} is called {edit.value}"
    if edit.kind == "drop":
        return f"{edit.name} is dropped"
    return f"{edit.name} is set" if edit.kind == "set" else f"{edit.name} has a new value"


@dataclass(frozen=True, slots=True)
class Upgraded:
    """A definition for the newest versions; whether it is valid is for check_pipeline to say."""

    definition: dict[str, Any]
    pins: dict[str, int]
    steps: tuple[StepUpgrade, ...]
    """Steps that change."""


def upgraded(
    definition: Document, pins: Mapping[str, int], catalog: ServedCatalog, opened: Document | None = None
) -> Upgraded:
    """Return a definition that can be read, pinned so far to `pins`, as the newest versions in a catalog want it.

    `opened` is the same definition with its secrets in plain text, which values are mapped by. What is sealed stays so,
    except for values that are mapped.
    """
    steps, changes = [], []
    looked_at = (opened or definition).get("steps") or ()
    for index, step in enumerate(definition.get("steps") or ()):
        change = _upgrade_of(index, looked_at[index], pins, catalog)
        steps.append(step if change is None else _with(step, change))
        if change is not None:
            changes.append(change)
    majors = catalog.majors_of(step["action"] for step in steps)
    newest = {kind: max(major, pins.get(kind, 0)) for kind, major in majors.items()}
    return Upgraded({**definition, "steps": steps}, newest, tuple(changes))


def _upgrade_of(index: int, step: Document, pins: Mapping[str, int], catalog: ServedCatalog) -> StepUpgrade | None:
    """Return what changes about a step; None if nothing does. An action without pin counts as the newest."""
    before: str = step["action"]
    name, at, explicit = before.partition("@")
    known = catalog.entry(name) or catalog.pinned(pins).entry(before)
    entry = catalog.entry(known["meta"]["type"]) if known is not None else None
    if entry is None:
        return None
    meta = entry["meta"]
    newest = major_of(meta)
    current = (int(explicit) if explicit.isdecimal() else newest) if at else pins.get(meta["type"], newest)
    after = f"{meta['type']}@{newest}" if at else meta["type"]
    edits = tuple(migration_edits(meta, current, step.get("params") or {}))
    if current > newest or (current == newest and after == before and not edits):
        return None
    return StepUpgrade(index, step["id"], before, after, current, newest, edits)


def _with(step: Document, change: StepUpgrade) -> dict[str, Any]:
    changed = {**step, "action": change.after}
    return {**changed, "params": edited(step.get("params") or {}, change.edits)} if change.edits else changed
