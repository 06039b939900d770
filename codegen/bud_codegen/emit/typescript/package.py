"""The parts of the npm package that hardly depend on the catalog."""

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from bud_codegen.emit.typescript.writer import quoted
from bud_codegen.model import Project
from bud_schemas.pattern import LONGEST_SUBJECT
from bud_schemas.values import BRANCHES_SCHEMA

_ENTRIES = ("actions", "catalog", "client", "validate")
_STATIC = ("client.d.ts", "client.js", "index.d.ts", "index.js", "validate.d.ts", "validate.js")
_CONSTANTS: Mapping[str, object] = {"__LONGEST_SUBJECT__": LONGEST_SUBJECT, "__BRANCHES_SCHEMA__": BRANCHES_SCHEMA}
"""What the hand-written modules share with Python."""


def manifest(project: Project) -> str:
    """Write package.json."""
    document = {
        "name": f"@{project.prefix}/actions",
        "version": "1.0.0",
        "description": "Types, catalog, form rules and client of the pipeline actions.",
        "type": "module",
        "sideEffects": False,
        "engines": {"node": ">=20"},
        "types": "./index.d.ts",
        "exports": {
            ".": _entry("index"),
            **{f"./{name}": _entry(name) for name in _ENTRIES},
            "./meta": {"types": "./meta.d.ts"},
            "./package.json": "./package.json",
        },
    }
    return json.dumps(document, indent=2) + "\n"


def _entry(name: str) -> dict[str, str]:
    return {"types": f"./{name}.d.ts", "default": f"./{name}.js"}


@cache
def static_modules() -> dict[str, str]:
    """Return the hand-written modules by name."""
    folder = files("bud_codegen") / "templates" / "typescript"
    return {name: _filled((folder / name).read_text(encoding="utf-8")) for name in _STATIC}


def _filled(text: str) -> str:
    for name, value in _CONSTANTS.items():
        text = text.replace(name, quoted(value))
    return text


def readme(project: Project) -> str:
    """Write README.md."""
    return (
        (files("bud_codegen") / "templates" / "typescript" / "README.md")
        .read_text(encoding="utf-8")
        .replace("@bud/actions", f"@{project.prefix}/actions")
    )
