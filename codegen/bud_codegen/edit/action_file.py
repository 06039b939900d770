"""An action file that is about to be edited."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import bud_schemas
from bud_codegen.api import Sources, lint
from bud_codegen.edit.amend import with_pair, with_text
from bud_codegen.edit.text import Replacement, edited, replaced
from bud_codegen.edit.tree import Node, read_tree
from bud_codegen.load import load
from bud_codegen.model import Project
from bud_codegen.problem import Problem
from bud_codegen.validate import action_paths
from bud_codegen.validate.structure import suggestion

Data = Mapping[str, Any]
Edit = Callable[[str, Node], Iterable[Replacement]]
"""Given a text and its tree, says what to replace."""


class EditError(Exception):
    """The edit cannot be made; the message says why, and nothing was changed."""


class WrongSourcesError(Exception):
    """The action files are wrong, as they are or as an edit would leave them; nothing was changed."""

    def __init__(self, problems: Sequence[Problem], sources: Sources) -> None:
        self.problems = problems
        self.sources = sources
        """What the problems are in."""
        super().__init__("\n".join(str(problem) for problem in problems))


@dataclass(frozen=True, slots=True)
class ActionFile:
    """One version of an action, as its file says it."""

    path: str
    content: bytes
    data: Data

    @property
    def type(self) -> str:
        """Its type."""
        return str(self.data["type"])

    @property
    def version(self) -> str:
        """Its version; the language's default if the file gives none."""
        return str(self.data.get("version", bud_schemas.load("action")["properties"]["version"]["default"]))

    @property
    def major(self) -> int:
        """First part of its version."""
        return int(self.version.partition(".")[0])

    def edited(self, edit: Edit) -> bytes:
        """Return its content after an edit. Raises EditError where the edit needs a value that an alias stands for."""

        def change(text: str) -> str:
            try:
                return replaced(text, edit(text, read_tree(text)))
            except LookupError as error:
                raise EditError(
                    f"{self.path} is written with aliases where the edit has to be made: {error}"
                ) from error

        return edited(self.content, change)[0]


def action_files(project: Project, sources: Sources) -> list[ActionFile]:
    """Return the action files of a project. Raises WrongSourcesError if any file of it is wrong."""
    refuse_errors(project, sources)
    contents = {path: sources[path] for path in action_paths(project, sources)}
    return [
        ActionFile(path, source.encode() if isinstance(source, str) else source, load(path, source).data)
        for path, source in contents.items()
        if not isinstance(source, OSError)
    ]


def refuse_errors(project: Project, sources: Sources) -> None:
    """Raise WrongSourcesError if anything is wrong with the sources that would stop generation."""
    found = lint(sources, project)
    if found and any(problem.is_error for problem in found.problems):
        raise WrongSourcesError(found.problems, sources)


def find_action(files: Iterable[ActionFile], reference: str) -> ActionFile:
    """Return the file that `type` or `type@major` names; without a major, the newest. Raises EditError."""
    action_type, _, major = reference.partition("@")
    versions = [file for file in files if file.type == action_type]
    if not versions:
        hint = suggestion(action_type, [file.type for file in files]) or "bud list shows them"
        raise EditError(f"there is no action {action_type}; {hint}")
    if not major:
        return max(versions, key=lambda file: file.major)
    chosen = next((file for file in versions if str(file.major) == major), None)
    if chosen is None:
        there = ", ".join(str(file.major) for file in sorted(versions, key=lambda file: file.major))
        raise EditError(f"{action_type} has no major version {major}; there is {there}")
    return chosen


def index_of(file: ActionFile, kind: str, name: str) -> int:
    """Return where a param or output stands in its list; kind is `params` or `outputs`. Raises EditError."""
    names = [item["name"] for item in file.data.get(kind, ())]
    if name not in names:
        hint = suggestion(name, names) or f"there are: {', '.join(names) or 'none'}"
        raise EditError(f"{file.type} has no {kind[:-1]} {name}; {hint}")
    return names.index(name)


def minor_raised(version: str) -> str:
    """Return the next version in which something was added: `1.4.2` gives `1.5.0`."""
    major, minor = re.split(r"[.+-]", version)[:2]
    return f"{major}.{int(minor) + 1}.0"


def new_version(file: ActionFile, text: str, root: Node) -> Replacement:
    """Raise the version by a minor."""
    raised, node = minor_raised(file.version), root.get("version")
    return with_text(text, node, raised) if node else with_pair(text, root, "version", raised, keys_of("ActionMeta"))


def keys_of(name: str) -> list[str]:
    """Return the keys of one kind of object of the language, in their order."""
    schema = bud_schemas.load("action")
    return list((schema if name == "ActionMeta" else schema["$defs"][name])["properties"])


def there(root: Node, *pointer: str | int) -> Node:
    """Return the value at a pointer. Raises LookupError if the text does not write it out there."""
    node = root.find(*pointer)
    if node is None:
        raise LookupError(".".join(str(step) for step in pointer))
    return node
