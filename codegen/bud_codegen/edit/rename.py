"""Give an action another type; what says the old one goes on working."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from bud_codegen.api import Sources
from bud_codegen.create import CreateError, refuse_bad_type, stem_of
from bud_codegen.edit.action_file import (
    ActionFile,
    EditError,
    action_files,
    find_action,
    keys_of,
    new_version,
    refuse_errors,
    there,
)
from bud_codegen.edit.amend import with_item, with_pair, with_text
from bud_codegen.edit.change import Change
from bud_codegen.edit.python_names import lines_with, with_modules, with_sentences
from bud_codegen.edit.text import Replacement, edited, replaced
from bud_codegen.edit.tree import Node
from bud_codegen.model import Project
from bud_codegen.paths import ActionPath, action_path

Modules = Mapping[str, bytes]
"""{path: content} of the Python files beside the actions and of the tests."""


class Names(NamedTuple):
    """How one version of an action is called."""

    type: str
    path: ActionPath

    @property
    def reference(self) -> str:
        """Its type; with an older version's major, `model_add@1`."""
        return self.type if self.path.major is None else f"{self.type}@{self.path.major}"

    @property
    def module(self) -> str:
        """Path of its modules below their packages: `model.add_v1`."""
        return f"{self.path.folder}.{self.path.stem}"

    def files(self, project: Project) -> tuple[str, str, str]:
        """Return where its action file, executor and test stand."""
        stem = f"{project.actions}/{self.path.folder}/{self.path.name}"
        major = self.path.major
        dotted, suffix = ("", "") if major is None else (f".v{major}", f"_v{major}")
        return f"{stem}{dotted}.yaml", f"{stem}{suffix}.py", f"tests/actions/test_{self.type}{suffix}.py"


def names_of(project: Project, file: ActionFile) -> Names:
    """Return how the action of a file is called."""
    return Names(file.type, action_path(project, file.path))


def rename_action(project: Project, sources: Sources, modules: Modules, old: str, new: str) -> Change:
    """Rename an action, all its major versions, its executors and tests, and raise the versions by a minor.

    Raises EditError if that cannot be done, and WrongSourcesError if the project is wrong before or after it.
    """
    files = action_files(project, sources)
    newest = find_action(files, old)
    _refuse_name(files, newest, new)
    before: dict[str, bytes] = {}
    after: dict[str, bytes] = {}
    moved: dict[str, str] = {}
    for file in (each for each in files if each.type == newest.type):
        was = names_of(project, file)
        names = Names(new, was.path._replace(name=_name(was.path.folder, new)))
        contents = [file.edited(_edit(file, new, gets_alias=file is newest)), *_python(project, modules, was, names)]
        for path, target, content in zip(was.files(project), names.files(project), contents, strict=True):
            if content is not None:
                before[path] = file.content if path == file.path else modules[path]
                after[target] = content
                moved[path] = target
    notes = _mentions(project, {**modules, **after}, moved, names_of(project, newest))
    change = Change(before, after, {path: target for path, target in moved.items() if path != target}, tuple(notes))
    refuse_errors(project, change.applied_to(sources, project.actions))
    return change


def _refuse_name(files: list[ActionFile], newest: ActionFile, new: str) -> None:
    try:
        refuse_bad_type(new)
    except CreateError as error:
        raise EditError(str(error)) from error
    for file in files:
        is_own = file.type == newest.type
        if new == file.type or (new in file.data.get("aliases", ()) and not is_own):
            raise EditError(f"{new} is what {file.path} defines already; choose another name")


def _name(folder: str, new: str) -> str:
    try:
        return stem_of(folder, new)
    except CreateError as error:
        raise EditError(str(error)) from error


def _edit(file: ActionFile, new: str, *, gets_alias: bool) -> Callable[[str, Node], Iterator[Replacement]]:
    def edit(text: str, root: Node) -> Iterator[Replacement]:
        yield with_text(text, there(root, "type"), new)
        yield new_version(file, text, root)
        aliases = file.data.get("aliases")
        if aliases and new in aliases:
            yield with_text(text, there(root, "aliases", aliases.index(new)), file.type)
        elif gets_alias and aliases is not None:
            yield with_item(text, there(root, "aliases"), file.type)
        elif gets_alias:
            yield with_pair(text, root, "aliases", [file.type], keys_of("ActionMeta"))

    return edit


def _python(project: Project, modules: Modules, was: Names, names: Names) -> Iterator[bytes | None]:
    """Yield the executor and the test with new names; None for one that is not there."""
    imports = {f"{package}.{was.module}": f"{package}.{names.module}" for package in _packages(project)}
    said = ("Executor of {}.", "Performs {}.", "Tries {}.", "Tries {} on the examples of its action file.")
    sentences = {each.format(was.reference): each.format(names.reference) for each in said}

    def edit(text: str) -> str:
        return replaced(text, [*with_modules(text, imports), *with_sentences(text, sentences)])

    for path in was.files(project)[1:]:
        yield edited(modules[path], edit)[0] if path in modules else None


def _packages(project: Project) -> tuple[str, str]:
    return project.package, project.executors


def _mentions(project: Project, modules: Modules, moved: Mapping[str, str], names: Names) -> Iterator[str]:
    """Yield the lines of Python that go on naming the old type or its modules."""
    paths = "|".join(rf"\b{re.escape(f'{package}.{names.module}')}\b" for package in _packages(project))
    imports = rf"^\s*from\b.*\bimport\b.*\b{names.path.stem}\b|^\s*from\s+\.[\w.]*\b{names.path.stem}\b"
    for path in sorted(path for path in modules if path.endswith(".py") and moved.get(path, path) == path):
        text = modules[path].decode("utf-8", "replace")
        for number, line in lines_with(text, rf"""["']{names.type}["']|{paths}|{imports}"""):
            yield f"{path}:{number}: still says {names.type}: {line}"
