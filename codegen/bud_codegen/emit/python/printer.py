"""Print dataclasses with datamodel-code-generator, called in this process.

Every module of a run goes into one document, which costs a quarter of a call per module. Its settings are all given
here: nothing is read from the working directory. Its warnings are errors, since it prints `Any` where it does not
understand.
"""

import json
import os
import threading
import warnings
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib.resources import files
from pathlib import Path
from typing import Any

from bud_codegen.collector import collector_paused
from bud_codegen.emit.python.shapes import Module

_NOWHERE = Path(str(files("bud_codegen") / "templates" / "python"))
"""A folder whose pyproject.toml sets nothing; formatters look for settings from here upwards."""
MODULES_IN_A_CALL = 100
"""More in one document only cost memory; fewer cost the start of a call each."""

_PRINTED_DECORATOR = "\n@dataclass(frozen=True, kw_only=True)\nclass "
_DECORATOR = "\n@dataclass(frozen=True, kw_only=True, eq=False, repr=False)\nclass "
"""The base class knows how its records compare and print."""


class PrinterError(Exception):
    """datamodel-code-generator did not print what was asked; a fault of this generator, never of an action file."""


def print_modules(modules: Iterable[Module], base_class: str, **settings: Any) -> dict[str, str]:
    """Return {module name: Python text} with a dataclass per definition, each derived from `base_class`."""
    modules = list(modules)
    batches = [modules[start : start + MODULES_IN_A_CALL] for start in range(0, len(modules), MODULES_IN_A_CALL)]
    print_batch = partial(_print, base_class=base_class, settings=settings)
    printed: dict[str, str] = {}
    with collector_paused():
        for texts in _map(print_batch, batches):
            printed |= texts
    return printed


def _map(
    print_batch: Callable[[list[Module]], dict[str, str]], batches: list[list[Module]]
) -> Iterable[dict[str, str]]:
    """Print batches, side by side if there are several; the order and the result are those of printing one by one."""
    processes = min(len(batches), len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1)
    if processes < 2 or threading.active_count() > 1:  # a process with threads cannot be forked safely
        return map(print_batch, batches)
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    import datamodel_code_generator.parser.jsonschema  # noqa: F401 - once here instead of once in each process

    with ProcessPoolExecutor(processes, multiprocessing.get_context("fork")) as pool:
        return list(pool.map(print_batch, batches))


def _print(modules: list[Module], base_class: str, settings: Mapping[str, Any]) -> dict[str, str]:
    definitions = {f"{module.name}.{name}": each for module in modules for name, each in module.definitions.items()}
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": definitions}
    files = _call(json.dumps(document), base_class, settings)
    texts = {".".join(path).removesuffix(".py"): text for path, text in files.items()}
    for module in modules:
        missing = [name for name in module.definitions if f"\nclass {name}" not in texts.get(module.name, "")]
        if missing:
            raise PrinterError(f"{module.name}: no class {missing[0]} was printed")
    return {module.name: _finished(texts[module.name], module) for module in modules}


def _finished(text: str, module: Module) -> str:
    """Return a printed module with what the printer cannot print: wire names, nested records, secrets."""
    text = text.removeprefix("#\n").lstrip("\n").replace(_PRINTED_DECORATOR, _DECORATOR)
    assignments = []
    for class_name, extras in module.extras.items():
        assignments += [f"{class_name}.{attribute} = {expression}\n" for attribute, expression in extras.items()]
    return text.rstrip("\n") + "\n" + ("\n\n" + "".join(assignments) if assignments else "")


def _call(document: str, base_class: str, settings: Mapping[str, Any]) -> dict[tuple[str, ...], str]:
    from datamodel_code_generator import GenerateConfig, InputFileType, generate
    from datamodel_code_generator.enums import DataModelType
    from datamodel_code_generator.format import Formatter, PythonVersion
    from datamodel_code_generator.parser import LiteralType

    config = GenerateConfig(
        **{
            "input_file_type": InputFileType.JsonSchema,
            "output_model_type": DataModelType.DataclassesDataclass,
            "target_python_version": PythonVersion.PY_311,
            "output": None,
            "settings_path": _NOWHERE,
            "formatters": [Formatter.BUILTIN],
            "builtin_format_line_length": 120,
            "disable_timestamp": True,
            "custom_file_header": "#",
            "base_class": base_class,
            "frozen_dataclasses": True,
            "keyword_only": True,
            "strict_nullable": True,
            "skip_root_model": True,
            "enum_field_as_literal": LiteralType.All,
            "use_generic_container_types": True,
            "use_schema_description": True,
            "use_inline_field_description": True,
            "strict_refs": True,
            "allow_remote_refs": False,
            "schema_version_mode": "strict",
            **settings,
        }
    )
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        printed = generate(document, config=config)
    if not isinstance(printed, dict):
        raise PrinterError("datamodel-code-generator printed no modules")
    return printed
