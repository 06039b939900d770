"""Print dataclasses with datamodel-code-generator, called in this process.

Every module of a run goes into one document, which costs a quarter of a call per module. Its settings are all given
here: nothing is read from the working directory. Its warnings are errors, since it prints
`Any` where it does not understand.
"""

import gc
import json
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

from bud_codegen.emit.python.shapes import Module

_NOWHERE = Path(str(files("bud_codegen") / "templates" / "python"))
"""A folder whose pyproject.toml sets nothing; formatters look for settings from here upwards."""
MODULES_IN_A_CALL = 200
"""More in one document only cost memory."""


class PrinterError(Exception):
    """datamodel-code-generator did not print what was asked; a fault of this generator, never of an action file."""


def print_modules(modules: Iterable[Module], base_class: str, **settings: Any) -> dict[str, str]:
    """Return {module name: Python text} with a dataclass per definition, each derived from `base_class`."""
    modules = list(modules)
    printed: dict[str, str] = {}
    with _collector_paused():
        for start in range(0, len(modules), MODULES_IN_A_CALL):
            printed |= _print(modules[start : start + MODULES_IN_A_CALL], base_class, settings)
    return printed


def _print(modules: list[Module], base_class: str, settings: Mapping[str, Any]) -> dict[str, str]:
    definitions = {f"{module.name}.{name}": each for module in modules for name, each in module.definitions.items()}
    document = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": definitions}
    files = _call(json.dumps(document), base_class, settings)
    texts = {".".join(path).removesuffix(".py"): text for path, text in files.items()}
    for module in modules:
        missing = [name for name in module.definitions if f"\nclass {name}" not in texts.get(module.name, "")]
        if missing:
            raise PrinterError(f"{module.name}: no class {missing[0]} was printed")
    return {module.name: texts[module.name] for module in modules}


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


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Pause the cyclic collector: printing builds large graphs that live until its end."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
