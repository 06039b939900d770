"""The catalog as the server answers it: bytes made once, at start."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from bud_codegen.spelling import camel_case_meta
from bud_schemas import ParamValidator

Document = Mapping[str, Any]
Value = TypeVar("Value")


class CatalogError(Exception):
    """The catalog cannot be read; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """The catalog's answers with keys in one spelling."""

    listing: bytes
    actions: Mapping[str, bytes]
    """By type, aliases included."""


@dataclass(frozen=True, slots=True, eq=False)
class ServedCatalog:
    """Everything that the catalog's routes answer with."""

    digest: str
    categories: tuple[Document, ...]
    actions: tuple[Document, ...]
    """Entries of catalog.json, by category and then by type."""
    snake_case: Spelling
    camel_case: Spelling
    validators: Mapping[str, ParamValidator]
    """By type, aliases included."""


def installed_catalog() -> ServedCatalog:
    """Return the catalog of the installed actions, without importing anybody's code. Raises CatalogError."""
    spec = find_spec("bud_generated")
    if spec is None or not spec.submodule_search_locations:
        raise CatalogError("the package bud_generated is not installed: run bud generate, then install the project")
    return read_catalog(Path(spec.submodule_search_locations[0]) / "catalog.json")


def read_catalog(path: Path) -> ServedCatalog:
    """Return the catalog in a catalog.json. Raises CatalogError if it is missing or damaged."""
    try:
        document = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise CatalogError(f"{path} is missing: run bud generate") from error
    except ValueError as error:
        raise CatalogError(f"{path} is damaged ({error}): run bud generate") from error
    return served(document)


def served(document: Document) -> ServedCatalog:
    """Return what is served of a catalog document."""
    metas = [entry["meta"] for entry in document["actions"].values()]
    return ServedCatalog(
        digest=document["digest"],
        categories=tuple(document["categories"]),
        actions=tuple(document["actions"].values()),
        snake_case=_spelling(document["categories"], metas),
        camel_case=_spelling(document["categories"], [camel_case_meta(meta) for meta in metas]),
        validators=_by_type(metas, [ParamValidator(meta) for meta in metas]),
    )


def _spelling(categories: list[Document], metas: list[Document]) -> Spelling:
    groups = [
        {"name": each["name"], "icon": each["icon"], "actions": [m for m in metas if m["category"] == each["name"]]}
        for each in categories
    ]
    listing = {"actions": metas, "categories": [each for each in groups if each["actions"]], "total": len(metas)}
    bodies = [json_bytes(meta, is_ours=True) for meta in metas]
    return Spelling(json_bytes(listing, is_ours=True), _by_type(metas, bodies))


def _by_type(metas: list[Document], values: list[Value]) -> dict[str, Value]:
    pairs = list(zip(metas, values, strict=True))
    aliases = {alias: value for meta, value in pairs for alias in meta["aliases"]}
    return aliases | {meta["type"]: value for meta, value in pairs}


def json_bytes(value: object, *, is_ours: bool = False) -> bytes:
    """Return a JSON value's compact text.

    What came from outside may hold lone surrogates, which UTF-8 cannot: all but our own texts are written in ASCII.
    """
    return json.dumps(value, separators=(",", ":"), ensure_ascii=not is_ours).encode()
