"""Whether an executor reads the params that its action declares."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bud_codegen.lint.executors.contract import stubs
from bud_codegen.lint.executors.meaning import Kind, Meaning
from bud_codegen.lint.executors.reads import Read, Reads, reads_of
from bud_codegen.model import Action
from bud_codegen.names import python_name
from bud_codegen.problem import Problem
from bud_codegen.validate.structure import suggestion


def params_read(meaning: Meaning) -> Reads:
    """Return what a file reads of the params."""
    return reads_of(meaning, Kind.PARAMS, Kind.VALUES)


def undeclared_problems(meaning: Meaning, action: Action, reads: Reads) -> Iterator[Problem]:
    """Yield reads of params that the action does not have."""
    keys = {param["name"]: param for param in action.meta["params"]}
    attributes = {python_name(name): param for name, param in keys.items()}
    for read in reads.members:
        known = attributes if read.is_attribute else keys
        if read.name not in known and not read.is_guarded:
            message = f"{action.type} has no param `{read.name}`"
            hint = _hint(read, known, action)
            yield Problem(meaning.module.place(read.node), "reads-undeclared-param", message, hint)


def _hint(read: Read, known: Mapping[str, Mapping[str, Any]], action: Action) -> str:
    renamed = next((name for name, param in known.items() if param["renamed_from"] == read.name), None)
    if renamed is not None:
        return f"it is called `{renamed}` now"
    return suggestion(read.name, known) or f"add it to the params of {action.source}, or read one of them"


def unused_problems(meaning: Meaning, action: Action, reads: Sequence[Reads]) -> Iterator[Problem]:
    """Yield params that nothing reads; those that are deprecated may be left over.

    Where other params are read, one of those may be meant: that is told already.
    """
    executor = meaning.module.executor
    if executor is None or not meaning.module.bases or stubs(meaning.module) or any(each.is_whole for each in reads):
        return
    read = {member.name for each in reads for member in each.members}
    names = {name for param in action.meta["params"] for name in (param["name"], python_name(param["name"]))}
    for param in action.meta["params"] if read <= names else ():
        if not param["deprecated"] and not read & {param["name"], python_name(param["name"])}:
            message = f"nothing reads the param `{param['name']}` of {action.type}"
            hint = f"use it, or deprecate it in {action.source}"
            yield Problem(meaning.module.place(executor), "param-unused", message, hint)


_UNKNOWN = Reads((), is_whole=True)


def read_by_helpers(meaning: Meaning, files: Mapping[str, Meaning]) -> Iterator[Reads]:
    """Yield what functions of other files read of the params, which they may do if they get a context."""
    left, seen = [meaning], {meaning.module.path}
    while left:
        for name in left.pop().gets_context:
            path = f"actions/{name.rpartition('.')[0].replace('.', '/')}.py"
            if path in files and path not in seen:
                seen.add(path)
                left.append(files[path])
                yield params_read(files[path])
            elif path not in files and not name.startswith("bud_actions."):
                yield _UNKNOWN
