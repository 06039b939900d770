"""The audience that writes executors: typed executors written against an action, checked with mypy."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from bud_codegen import api
from bud_codegen.model import Catalog

_HEAD = """\
from __future__ import annotations
from collections.abc import Mapping, Sequence
from typing import Any, Literal
from bud_actions.base import ActionContext, Awaiting, EventAction, EventContext, EventResult, TypedExecutor
from bud_generated.record import Record
from {package}.builtin.{name} import {classes}

Given = str | float | bool | Sequence[Any] | Mapping[str, Any] | Record
"""
_EVERYTHING = {"Any": "Given"}
"""How what may be anything is read: it is something, since a variable of type Any would take None as well."""
_SYNC = """
class Executor(TypedExecutor[Params, Outputs]):
    made: Outputs

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        read_Params(params)
        return self.made
"""
_EVENT_DRIVEN = """
class Executor(TypedExecutor[Params, Outputs]):
    made: Outputs

    async def run(self, params: Params, context: ActionContext) -> Awaiting:
        read_Params(params)
        return Awaiting(external_workflow_id="1")

    async def on_event(self, context: EventContext) -> EventResult:
        return EventResult(action=EventAction.COMPLETE, outputs=self.made.to_dict())
"""


class Field(NamedTuple):
    """An attribute of a generated dataclass."""

    name: str
    annotation: str
    has_default: bool


def modules_of(catalog: Catalog) -> dict[str, bytes]:
    """Return the generated Python of a catalog by its path below generated/python."""
    files = api.generation(catalog, ("python",)).files
    start = "generated/python/"
    return {path.removeprefix(start): content for path, content in files.items() if path.startswith(start)}


def executor_of(module: str, name: str, package: str, *, is_event_driven: bool) -> str:
    """Return an executor over the classes of a generated module: it reads and makes everything, exactly typed."""
    classes = dict(_classes(module))
    head = _HEAD.format(package=package, name=name, classes=", ".join(classes))
    readers = "".join(_reader(each, fields) for each, fields in classes.items() if each.startswith("Params"))
    makers = "".join(_maker(each, fields) for each, fields in classes.items() if each.startswith("Outputs"))
    return f"{head}{readers}{makers}{_EVENT_DRIVEN if is_event_driven else _SYNC}"


def _classes(module: str) -> Iterator[tuple[str, list[Field]]]:
    for node in ast.parse(module).body:
        if isinstance(node, ast.ClassDef):
            fields = [each for each in node.body if isinstance(each, ast.AnnAssign)]
            yield (
                node.name,
                [
                    Field(ast.unparse(each.target), ast.unparse(each.annotation), each.value is not None)
                    for each in fields
                ],
            )


def _reader(class_name: str, fields: list[Field]) -> str:
    types = [_EVERYTHING.get(field.annotation, field.annotation) for field in fields]
    reads = [f"    read_{at}: {types[at]} = given.{field.name}\n" for at, field in enumerate(fields)]
    body = "".join(reads) or "    pass\n"
    return f"\ndef read_{class_name}(given: {class_name}) -> None:\n{body}"


def _maker(class_name: str, fields: list[Field]) -> str:
    """Write functions that make a class of all its fields, and of those without a default."""
    needed = [field for field in fields if not field.has_default]
    return "".join(_making(class_name, way, each) for way, each in (("fully", fields), ("barely", needed)))


def _making(class_name: str, way: str, fields: list[Field]) -> str:
    taken = ", ".join(f"given_{number}: {field.annotation}" for number, field in enumerate(fields))
    given = ", ".join(f"{field.name}=given_{number}" for number, field in enumerate(fields))
    return f"\ndef make_{class_name}_{way}({taken}) -> {class_name}:\n    return {class_name}({given})\n"


def write_side(root: Path, side: str, modules: Mapping[str, bytes], executors: Mapping[str, str]) -> None:
    """Write the generated package of one side, and a package of executors."""
    texts = {f"{side}_executors/{name}.py": text.encode() for name, text in executors.items()}
    for path, content in {**modules, **texts, f"{side}_executors/__init__.py": b""}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)


def check_all(root: Path, *sides: str) -> dict[tuple[str, str], list[str]]:
    """Check the executors of all sides in one run and return the complaints by side and case."""
    options = [
        "--strict",
        "--config-file=",
        f"--cache-dir={root / '.mypy_cache'}",
        "--no-error-summary",
        "--hide-error-context",
    ]
    command = [sys.executable, "-m", "mypy", *options, *(f"{side}_executors" for side in sides)]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    found: dict[tuple[str, str], list[str]] = {}
    for line in done.stdout.splitlines():
        match = re.match(r"(\w+)_executors/(\w+)\.py:\d+: error: (.*)", line)
        if match:
            side, name, complaint = match.groups()
            found.setdefault((side, name), []).append(complaint)
        else:
            assert ": note: " in line, line
    return found
