"""Say that an action, a param or an output should no longer be used."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from bud_codegen.api import Sources
from bud_codegen.edit.action_file import (
    ActionFile,
    EditError,
    action_files,
    find_action,
    index_of,
    keys_of,
    minor_raised,
    new_version,
    refuse_errors,
    there,
)
from bud_codegen.edit.amend import with_pair
from bud_codegen.edit.change import Change
from bud_codegen.edit.text import Replacement
from bud_codegen.edit.tree import Node
from bud_codegen.model import Project
from bud_codegen.validate.structure import suggestion

OBJECTS = {"": "ActionMeta", "params": "ParamDefinition", "outputs": "OutputDefinition"}


class Part(NamedTuple):
    """What is edited: an action, or a param or output of one."""

    action: str
    """`type` or `type@major`."""
    kind: str = ""
    """`params`, `outputs`, or empty for the action itself."""
    name: str = ""

    def __str__(self) -> str:
        return ".".join(part for part in self if part)


@dataclass(frozen=True, slots=True)
class Notice:
    """What users of something deprecated are told; days are YYYY-MM-DD."""

    message: str
    replacement: str | None = None
    sunset: str | None = None
    """From which day it is refused."""
    since: str | None = None
    """The version that deprecates it; None for the one that this edit makes."""


def part_of(text: str) -> Part:
    """Read `type`, `type.params.name` or `type.outputs.name`. Raises EditError."""
    parts = text.split(".")
    if len(parts) == 1:
        return Part(text)
    if len(parts) == 3 and parts[1] in ("params", "outputs"):
        return Part(*parts)
    raise EditError(f"{text} names nothing; write TYPE, TYPE.params.NAME or TYPE.outputs.NAME")


def deprecate(project: Project, sources: Sources, part: Part, notice: Notice, today: date) -> Change:
    """Deprecate something and raise its action's version by a minor.

    Raises EditError if that cannot be done, and WrongSourcesError if the project is wrong before or after it.
    """
    files = action_files(project, sources)
    file = find_action(files, part.action)
    pointer = (part.kind, index_of(file, part.kind, part.name)) if part.kind else ()
    _refuse_second(file, part)
    _refuse_bad_day(notice.sunset, today)
    _refuse_unknown(files, file, part, notice.replacement)
    deprecated = _deprecation(file, notice, today)

    def edit(text: str, root: Node) -> Iterator[Replacement]:
        yield new_version(file, text, root)
        yield with_pair(text, there(root, *pointer), "deprecated", deprecated, keys_of(OBJECTS[part.kind]))

    change = Change({file.path: file.content}, {file.path: file.edited(edit)})
    refuse_errors(project, change.applied_to(sources, project.actions))
    return change


def _deprecation(file: ActionFile, notice: Notice, today: date) -> dict[str, str]:
    given = {
        "since": notice.since or minor_raised(file.version),
        "message": notice.message,
        "date": today.isoformat(),
        "replacement": notice.replacement,
        "sunset": notice.sunset,
    }
    return {key: value for key, value in given.items() if value is not None}


def _refuse_second(file: ActionFile, part: Part) -> None:
    item = file.data[part.kind][index_of(file, part.kind, part.name)] if part.kind else file.data
    if "deprecated" in item:
        since = item["deprecated"]["since"]
        raise EditError(f"{part} is deprecated since {since} already; edit {file.path} to say something else")


def _refuse_bad_day(day: str | None, today: date) -> None:
    try:
        sunset = date.fromisoformat(day) if day else date.max
    except ValueError:
        sunset = date.min
    if day is not None and sunset.isoformat() != day:
        raise EditError(f"--sunset: there is no day {day}; write a date as YYYY-MM-DD")
    if sunset <= today:
        raise EditError(f"--sunset: {day} is not to come; name a day by which those who use it can have changed")


def _refuse_unknown(files: list[ActionFile], file: ActionFile, part: Part, replacement: str | None) -> None:
    known = {name for each in files for name in (each.type, *each.data.get("aliases", ()))}
    if part.kind:
        known = {item["name"] for item in file.data[part.kind]}
    own = {part.name} if part.kind else {file.type, *file.data.get("aliases", ())}
    if replacement in own:
        raise EditError(f"--replacement: {replacement} is what is being deprecated; name another one")
    if replacement is not None and replacement not in known:
        what = part.kind.removesuffix("s") or "action"
        hint = suggestion(replacement, sorted(known - own)) or f"there are: {', '.join(sorted(known - own)) or 'none'}"
        raise EditError(f"--replacement: there is no {what} {replacement}; {hint}")
