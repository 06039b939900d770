"""Checks of names: repeated, reserved, or equal once they are rewritten for a target."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bud_codegen.names import is_module_name, pascal_case, python_name
from bud_codegen.problem import Problem
from bud_codegen.validate.draft import Draft, Item

RESERVED_KEYS = frozenset({"__proto__"})
"""Keys that mean something else in JavaScript object literals (ECMA-262, B.3.1)."""


def check_names(draft: Draft) -> Iterator[Problem]:
    """Yield what is wrong with the names in one action."""
    for key in ("params", "outputs"):
        items = draft.params if key == "params" else draft.outputs
        yield from _repeated(draft, key, items)
        yield from _removed(draft, key, items)
        yield from _collisions(draft, ((item["name"], (key, index, "name")) for index, item in items))
        yield from _nested(draft, key, items)
    yield from _lone_star(draft)
    yield from _renamed(draft)


def _repeated(draft: Draft, key: str, items: Iterable[Item]) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for index, item in items:
        first = seen.setdefault(item["name"], index)
        if first != index:
            place = draft.place(key, index, "name")
            related = (draft.place(key, first, "name"),)
            message = f"{key[:-1]} `{item['name']}` is defined twice; the first is on line {related[0].line}"
            yield Problem(place, f"duplicate-{key[:-1]}", message, "rename or remove one of them", related)


def _removed(draft: Draft, key: str, items: Iterable[Item]) -> Iterator[Problem]:
    removed = (draft.get("reserved") or {}).get(key, ()) if not _is_faulty(draft, "reserved") else ()
    for index, item in items:
        if item["name"] in removed:
            message = f"`{item['name']}` is reserved: it was removed and may not come back"
            yield draft.problem("reserved-name", message, "choose another name", key, index, "name")


def _is_faulty(draft: Draft, key: str) -> bool:
    return any(fault[:1] == (key,) for fault in draft.faults)


Named = tuple[str, tuple[str | int, ...]]
"""A name and the pointer of where it is given."""


def _collisions(draft: Draft, names: Iterable[Named]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for name, pointer in names:
        other = seen.setdefault(python_name(name), name)
        if other != name:
            message = f"`{name}` and `{other}` are both `{python_name(name)}` in Python"
            yield draft.problem("name-collision", message, "rename one of them", *pointer)


def _nested(draft: Draft, key: str, items: Iterable[Item]) -> Iterator[Problem]:
    classes: dict[str, str] = {}
    for index, item in items:
        base = pascal_case(key)
        if item.get("schema"):
            pointer = (key, index, "schema")
            yield from _object_names(draft, item["schema"], f"{base}{pascal_case(item['name'])}", pointer, classes)


def _object_names(
    draft: Draft, schema: Mapping[str, Any], class_name: str, pointer: tuple[str | int, ...], classes: dict[str, str]
) -> Iterator[Problem]:
    """Yield collisions inside a schema; `class_name` is what generated Python calls an object that stands there."""
    properties = schema.get("properties")
    if properties:
        other = classes.setdefault(class_name, str(pointer))
        if other != str(pointer):
            message = f"two objects of this action are both called {class_name} in Python"
            yield draft.problem("name-collision", message, "rename one of the keys", *pointer)
        yield from _collisions(draft, ((name, (*pointer, "properties", name)) for name in properties))
    for name, member in (properties or {}).items():
        inner = (*pointer, "properties", name)
        if name in RESERVED_KEYS:
            message = f"the key {name} means something else in JavaScript"
            yield Problem(draft.place(*inner, of_key=True), "reserved-name", message, "choose another name")
        yield from _object_names(draft, member, f"{class_name}{pascal_case(name)}", inner, classes)
    for keyword, suffix in (("items", "Item"), ("additionalProperties", "Value")):
        if isinstance(schema.get(keyword), Mapping):
            yield from _object_names(draft, schema[keyword], f"{class_name}{suffix}", (*pointer, keyword), classes)


def _lone_star(draft: Draft) -> Iterator[Problem]:
    star = next((index for index, output in draft.outputs if output["name"] == "*"), None)
    if star is not None and len(draft.outputs) > 1:
        message = "the output * stands for any keys, so no other can stand beside it"
        yield draft.problem("name-collision", message, "remove it or the others", "outputs", star, "name")


def _renamed(draft: Draft) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for index, param in draft.params:
        old = param.get("renamed_from")
        if old is not None and seen.setdefault(old, param["name"]) != param["name"]:
            message = f"`{param['name']}` and `{seen[old]}` both say they were renamed from `{old}`"
            yield draft.problem("name-collision", message, "keep one of them", "params", index, "renamed_from")
        if old in draft.param_names:
            message = f"`{param['name']}` says it was renamed from `{param['renamed_from']}`, which is still a param"
            yield draft.problem("name-collision", message, "remove one of them", "params", index, "renamed_from")


def check_modules(draft: Draft, folder: str, stem: str) -> Iterator[Problem]:
    """Yield the problem of a path that cannot be imported in Python."""
    for part in (folder, stem):
        if not is_module_name(part):
            message = f"`{part}` in the file's path is not a name that Python can import"
            hint = "use lower-case words joined by underscores that are no Python keyword"
            yield draft.problem("reserved-name", message, hint, "type")
