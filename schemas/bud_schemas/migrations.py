"""How the params of a stored step become those of a later version of its action."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from bud_schemas.shapes import major_of
from bud_schemas.validation import is_absent
from bud_schemas.values import number_text

Document = Mapping[str, Any]


class Edit(NamedTuple):
    """One change of a step's params."""

    kind: Literal["rename", "change", "set", "drop"]
    name: str
    """The param that it is about, as it is called before."""
    value: Any = None
    """What it is called, or its value, afterwards."""


def migration_edits(meta: Document, from_major: int, params: Document) -> list[Edit]:
    """Return what turns params of a major version into those that `meta` describes; older names are replaced too.

    `meta` is the complete metadata of the version to reach.
    """
    edits: list[Edit] = []
    for migration in sorted(meta["migrations"], key=lambda each: int(each["from_major"])):
        if from_major <= migration["from_major"] < major_of(meta):
            edits += _edits(migration, edited(params, edits))
    return edits + list(_renamed(_older_names(meta), edited(params, edits)))


def edited(params: Document, edits: Iterable[Edit]) -> dict[str, Any]:
    """Return params after edits; the order of the rest stays."""
    found = dict(params)
    for edit in edits:
        if edit.kind == "rename":
            found = {edit.value if name == edit.name else name: value for name, value in found.items()}
        elif edit.kind == "drop":
            del found[edit.name]
        else:
            found[edit.name] = edit.value
    return found


def _edits(migration: Document, params: Document) -> list[Edit]:
    """Return what one migration does: rename, then map, set what is missing, and drop."""
    edits = list(_renamed(migration.get("rename", {}), params))
    renamed = edited(params, edits)
    edits += _mapped(migration.get("map", {}), renamed)
    edits += [
        Edit("set", name, value) for name, value in migration.get("set", {}).items() if is_absent(renamed.get(name))
    ]
    edits += [Edit("drop", name) for name in migration.get("drop", ()) if name in renamed]
    return edits


def _older_names(meta: Document) -> dict[str, str]:
    return {param["renamed_from"]: param["name"] for param in meta["params"] if param["renamed_from"]}


def _renamed(names: Mapping[str, str], params: Document) -> Iterator[Edit]:
    """Yield renames to names that are free, or become so: where `a` is now `b` and `b` is now `c`, `b` goes first."""
    there = set(params)
    waiting = {old: new for old, new in names.items() if old in there}
    while free := next(((old, new) for old, new in waiting.items() if new not in there), None):
        old, new = free
        del waiting[old]
        there = there - {old} | {new}
        yield Edit("rename", old, new)


def _mapped(values: Mapping[str, Document], params: Document) -> Iterator[Edit]:
    for name, new_values in values.items():
        if name in params:
            value = _new_value(params[name], new_values)
            if value != params[name] or type(value) is not type(params[name]):
                yield Edit("change", name, value)


def _new_value(value: Any, new_values: Document) -> Any:
    """Return what stands for a value, or for each item of a list; anything that is not listed stays."""
    if isinstance(value, list | tuple):
        return [_new_value(item, new_values) for item in value]
    text = _text(value)
    return value if text is None else new_values.get(text, value)


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    return number_text(value) if isinstance(value, int | float) else None
