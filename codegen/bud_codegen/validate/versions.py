"""Checks of versions that stand side by side, and of the migrations that lead from one to the next."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bud_codegen.model import Project
from bud_codegen.paths import ActionPath, action_path
from bud_codegen.problem import Problem
from bud_codegen.validate.draft import Draft
from bud_codegen.validate.params import is_usable
from bud_codegen.validate.structure import describe, suggestion
from bud_schemas import ParamProblem
from bud_schemas.values import is_template, param_check


def check_versions(project: Project, drafts: Iterable[Draft]) -> Iterator[Problem]:
    """Yield older versions that are none, and migrations that lead nowhere."""
    placed = [(action_path(project, draft.path), draft) for draft in drafts]
    newest = {path[:2]: draft for path, draft in placed if path.major is None}
    modules = {(path.folder, path.stem): draft for path, draft in placed if path.major is None}
    for path, draft in placed:
        if path.major is not None:
            yield from _older(path, draft, newest.get(path[:2]))
            yield from _module(path, draft, modules)
        beside = {older.major: each for older, each in placed if older[:2] == path[:2] and older.major is not None}
        yield from _migrations(draft, beside)


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


def _migrations(draft: Draft, beside: Mapping[int, Draft]) -> Iterator[Problem]:
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
        else:
            yield from _renames(draft, index, migration)
            if source in beside:
                yield from _origins(draft, index, migration, beside[source])
            if source == major - 1:
                yield from _targets(draft, index, migration)
                yield from _values(draft, index, migration)
    yield from _gap(draft, sorted(seen), major)


def _gap(draft: Draft, sources: list[int], major: int) -> Iterator[Problem]:
    below = [source for source in sources if source < major]
    missing = next((each for each in range(below[0], major) if each not in below), None) if below else None
    if missing is not None:
        message = f"there is no migration from major version {missing} to {missing + 1}"
        yield draft.problem("migration-invalid", message, f"add one with from_major: {missing}", "migrations")


def _renames(draft: Draft, index: int, migration: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield renames and drops that cannot all be done."""
    seen: dict[str, str] = {}
    rename = migration.get("rename", {})
    for old, new in rename.items():
        if seen.setdefault(new, old) != old:
            message = f"`{seen[new]}` and `{old}` are both renamed to `{new}`"
            yield draft.problem("migration-invalid", message, "drop one of them", "migrations", index, "rename", old)
        elif _is_in_circle(rename, old):
            message = f"`{old}` is renamed to `{new}` in a circle"
            hint = "give one of them a name that no other param had"
            yield draft.problem("migration-invalid", message, hint, "migrations", index, "rename", old)
    for position, name in enumerate(migration.get("drop", ())):
        if name in rename:
            message = f"`{name}` is renamed and dropped"
            yield draft.problem(
                "migration-invalid", message, "leave one of them out", "migrations", index, "drop", position
            )


def _is_in_circle(rename: Mapping[str, str], name: str) -> bool:
    following, seen = rename.get(name), set[str]()
    while following is not None and following not in seen:
        if following == name:
            return True
        seen.add(following)
        following = rename.get(following)
    return False


def _origins(draft: Draft, index: int, migration: Mapping[str, Any], older: Draft) -> Iterator[Problem]:
    """Yield names that a migration expects of a version that stands beside this one, and that it does not have."""
    known = sorted(older.param_names | {param["renamed_from"] for _, param in older.params if "renamed_from" in param})
    places: list[tuple[str, tuple[str | int, ...]]] = [(name, ("rename", name)) for name in migration.get("rename", {})]
    places += [(name, ("drop", position)) for position, name in enumerate(migration.get("drop", ()))]
    for name, pointer in places:
        if name not in known:
            message = f"there is no param `{name}` in {older.path}"
            hint = suggestion(name, known) or f"params there: {', '.join(known) or 'none'}"
            yield draft.problem("migration-invalid", message, hint, "migrations", index, *pointer)


def _values(draft: Draft, index: int, migration: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield values that the last migration gives to params and that this version refuses."""
    given: list[tuple[str, Any, tuple[str, ...]]] = [
        (name, value, ("set", name)) for name, value in migration.get("set", {}).items()
    ]
    for name, mapped in migration.get("map", {}).items():
        given += [(name, value, ("map", name, text)) for text, value in mapped.items()]
    params = {param["name"]: param for at, param in draft.params if is_usable(draft, at, param)}
    for name, value, pointer in given:
        said = _refusal(params[name], value, is_item=pointer[0] == "map") if name in params else None
        if said is not None:
            message = f"`{name}` {said}; it becomes {describe(value)}"
            hint = "give a value that this version takes"
            yield draft.problem("migration-invalid", message, hint, "migrations", index, *pointer)


def _refusal(param: Mapping[str, Any], value: Any, *, is_item: bool) -> str | None:
    """Return what a param says against a value, which may be one of a list's items; None if nothing."""
    if (isinstance(value, str) and is_template(value)) or param["type"] in (_OF_ITEMS if is_item else ()):
        return None
    try:
        found = next(iter(param_check(param, ParamProblem)(value)), None)
    except (ValueError, RecursionError):  # its schema is wrong in a way that a Problem names already
        return None
    return None if found is None else found.message.partition(": ")[2]


_OF_ITEMS = frozenset({"json", "branches", "range", "multiselect"})
"""Types of params whose values may be lists, of which each item is mapped."""


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
