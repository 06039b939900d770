"""Checks of versions that stand side by side, and of the migrations that lead from one to the next."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bud_codegen.model import Project
from bud_codegen.paths import ActionPath, action_path
from bud_codegen.problem import Problem
from bud_codegen.validate.draft import Draft
from bud_codegen.validate.structure import suggestion


def check_versions(project: Project, drafts: Iterable[Draft]) -> Iterator[Problem]:
    """Yield older versions that are none, and migrations that lead nowhere."""
    placed = [(action_path(project, draft.path), draft) for draft in drafts]
    newest = {path[:2]: draft for path, draft in placed if path.major is None}
    modules = {(path.folder, path.stem): draft for path, draft in placed if path.major is None}
    for path, draft in placed:
        if path.major is not None:
            yield from _older(path, draft, newest.get(path[:2]))
            yield from _module(path, draft, modules)
        yield from _migrations(draft)


def _older(path: ActionPath, draft: Draft, newest: Draft | None) -> Iterator[Problem]:
    major = _major(draft)
    if major is not None and major != path.major:
        message = f"version {draft.get('version')} stands in a file of major version {path.major}"
        hint = f"rename it to {path.name}.v{major}.yaml, or correct the version"
        yield draft.problem("version-path-mismatch", message, hint, "version")
    if newest is None:
        message = f"there is no {path.name}.yaml, the newest version that this one stands beside"
        hint = f"rename this file to {path.name}.yaml, or remove it"
        yield draft.problem("version-path-mismatch", message, hint, "type")
        return
    latest = _major(newest)
    if major is not None and latest is not None and major == path.major and latest <= major:
        place = newest.place("version")
        message = f"major version {major} stands beside version {newest.get('version')}, which is not newer"
        hint = f"raise the version in {path.name}.yaml to {major + 1}.0.0, or remove this file"
        yield Problem(draft.place("version"), "version-path-mismatch", message, hint, (place,))


def _module(path: ActionPath, draft: Draft, modules: Mapping[tuple[str, str], Draft]) -> Iterator[Problem]:
    other = modules.get((path.folder, path.stem))
    if other is not None:
        message = f"this version and {other.path} are both {path.stem}.py in Python"
        yield draft.problem("name-collision", message, f"rename {other.path}", "type")


def _major(draft: Draft) -> int | None:
    """Return the first part of a draft's version; None if that is wrong."""
    if ("version",) in draft.faults:
        return None
    version = draft.get("version") or "1.0.0"
    first = str(version).partition(".")[0]
    return int(first) if first.isdecimal() else None


def _migrations(draft: Draft) -> Iterator[Problem]:
    migrations = draft.get("migrations")
    major = _major(draft)
    if not isinstance(migrations, list) or major is None or any(fault[:1] == ("migrations",) for fault in draft.faults):
        return
    seen: dict[int, int] = {}
    for index, migration in enumerate(migrations):
        source = migration["from_major"]
        if seen.setdefault(source, index) != index:
            message = f"there are two migrations from major version {source}"
            yield draft.problem("migration-invalid", message, "join them", "migrations", index, "from_major")
        if source >= major:
            message = f"a migration from major version {source} leads past this file's version {draft.get('version')}"
            hint = f"a migration starts below {major}"
            yield draft.problem("migration-invalid", message, hint, "migrations", index, "from_major")
        elif source == major - 1:
            yield from _targets(draft, index, migration)
    yield from _gap(draft, sorted(seen), major)


def _gap(draft: Draft, sources: list[int], major: int) -> Iterator[Problem]:
    below = [source for source in sources if source < major]
    missing = next((each for each in range(below[0], major) if each not in below), None) if below else None
    if missing is not None:
        message = f"there is no migration from major version {missing} to {missing + 1}"
        yield draft.problem("migration-invalid", message, f"add one with from_major: {missing}", "migrations")


def _targets(draft: Draft, index: int, migration: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield names that the last migration gives to params and that this version does not have."""
    known = sorted(draft.param_names)
    for key in ("rename", "map", "set"):
        for name, new in migration.get(key, {}).items():
            target = new if key == "rename" else name
            if target not in known:
                hint = suggestion(target, known) or f"params here: {', '.join(known) or 'none'}"
                message = f"there is no param `{target}` in this version"
                yield draft.problem("migration-invalid", message, hint, "migrations", index, key, name)
    for position, name in enumerate(migration.get("drop", ())):
        if name in known:
            message = f"`{name}` is dropped and is still a param"
            hint = "leave it out here, or remove the param"
            yield draft.problem("migration-invalid", message, hint, "migrations", index, "drop", position)
