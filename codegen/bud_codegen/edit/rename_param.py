"""Give a param another name; pipelines that give the old one go on working."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from bud_codegen.api import Sources
from bud_codegen.edit.action_file import (
    ActionFile,
    EditError,
    action_files,
    find_action,
    index_of,
    keys_of,
    new_version,
    refuse_errors,
    there,
)
from bud_codegen.edit.amend import with_member, with_pair, with_text
from bud_codegen.edit.change import Change
from bud_codegen.edit.deprecate import Part
from bud_codegen.edit.python_names import lines_with, with_param
from bud_codegen.edit.rename import Modules, names_of
from bud_codegen.edit.text import Replacement, edited, replaced
from bud_codegen.edit.tree import Node
from bud_codegen.load import Pointer
from bud_codegen.model import Project
from bud_codegen.names import python_name


def rename_param(project: Project, sources: Sources, modules: Modules, part: Part, new: str) -> Change:
    """Rename a param where its action file and its executor name it, and raise the action's version by a minor.

    Raises EditError if that cannot be done, and WrongSourcesError if the project is wrong before or after it.
    """
    if part.kind == "outputs":
        raise EditError(f"{part} is an output, and outputs have no other names: add {new}, then deprecate {part.name}")
    file = find_action(action_files(project, sources), part.action)
    _refuse_name(file, part, new)
    after = {file.path: file.edited(_edit(file, part.name, new))}
    names = names_of(project, file)
    executor, test = names.files(project)[1:]
    if executor in modules:
        module = f"{project.package}.{names.module}"
        after[executor] = edited(modules[executor], _executor_edit(module, python_name(part.name), python_name(new)))[0]
    before = {path: {**modules, file.path: file.content}[path] for path in after}
    read = {**{path: modules[path] for path in (test,) if path in modules}, **after}
    change = Change(before, after, notes=tuple(_mentions(read, part.name)))
    refuse_errors(project, change.applied_to(sources, project.actions))
    return change


def _refuse_name(file: ActionFile, part: Part, new: str) -> None:
    param = file.data["params"][index_of(file, "params", part.name)]
    if new in [each["name"] for each in file.data["params"]]:
        raise EditError(f"{file.type} has a param {new} already; choose another name")
    if not re.fullmatch("[a-z][a-z0-9_]*", new):
        raise EditError(f"{new} cannot be the name of a param; use lower-case words joined by underscores")
    if "renamed_from" in param:
        message = f"{part} was renamed from {param['renamed_from']} before, and a param has one earlier name"
        raise EditError(f"{message}: remove renamed_from first, or rename it in the next major version")


def _executor_edit(module: str, old: str, new: str) -> Callable[[str], str]:
    return lambda text: replaced(text, with_param(text, module, old, new))


def _edit(file: ActionFile, old: str, new: str) -> Callable[[str, Node], Iterator[Replacement]]:
    def edit(text: str, root: Node) -> Iterator[Replacement]:
        param = there(root, "params", index_of(file, "params", old))
        yield new_version(file, text, root)
        yield with_text(text, there(param, "name"), new)
        yield with_pair(text, param, "renamed_from", old, keys_of("ParamDefinition"))
        for pointer in _values(file.data, file.major, old):
            yield with_text(text, there(root, *pointer), new)
        for pointer in _mappings(file.data, file.major):
            for pair in there(root, *pointer).pairs:
                if pair.key.value == old:
                    yield with_text(text, pair.key, new)
        for number in _incomplete_migrations(file.data, file.major, old):
            yield _renaming(text, there(root, "migrations", number), old, new)

    return edit


def _values(data: Any, major: int, old: str) -> Iterator[Pointer]:
    """Yield where the param is named, beside its definition."""
    for index, param in enumerate(data["params"]):
        for pointer in (("show_when", "param"), ("deprecated", "replacement")):
            if param.get(pointer[0], {}).get(pointer[1]) == old:
                yield ("params", index, *pointer)
    for index, rule in enumerate(data.get("rules", ())):
        yield from (("rules", index, "params", at) for at, name in enumerate(rule["params"]) if name == old)
        conditions = enumerate(rule.get("when", ()))
        yield from (("rules", index, "when", at, "param") for at, each in conditions if each["param"] == old)
    for index, migration in _migrations(data, major):
        renames = migration.get("rename", {})
        yield from (("migrations", index, "rename", key) for key, name in renames.items() if name == old)


def _migrations(data: Any, major: int) -> list[tuple[int, Any]]:
    """Return the migrations whose result are the params of this version."""
    listed = enumerate(data.get("migrations", ()))
    return [(index, migration) for index, migration in listed if migration["from_major"] == major - 1]


def _mappings(data: Any, major: int) -> Iterator[Pointer]:
    """Yield the mappings whose keys are names of params."""
    yield from (("examples", index, "params") for index in range(len(data.get("examples", ()))))
    for index, migration in _migrations(data, major):
        yield from (("migrations", index, key) for key in ("map", "set") if key in migration)


def _incomplete_migrations(data: Any, major: int, old: str) -> Iterator[int]:
    """Yield the migrations that change a param which had the old name before, too."""
    for index, migration in _migrations(data, major):
        changes = {**migration.get("map", {}), **migration.get("set", {})}
        if old in changes and old not in migration.get("rename", {}).values():
            yield index


def _renaming(text: str, migration: Node, old: str, new: str) -> Replacement:
    renames = migration.get("rename")
    if renames is None:
        return with_pair(text, migration, "rename", {old: new}, keys_of("Migration"))
    return with_member(text, renames, old, new)


def _mentions(files: Modules, old: str) -> Iterator[str]:
    """Yield the lines that go on naming the param, as prose and uncertain code do."""
    for path, content in files.items():
        pattern = rf"""\b{old}\b""" if path.endswith(".yaml") else rf"""\.{old}\b|["']{old}["']|\b{old}="""
        for number, line in lines_with(content.decode("utf-8", "replace"), pattern):
            if "renamed_from" not in line:
                yield f"{path}:{number}: still says {old}: {line}"
