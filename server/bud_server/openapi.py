"""The OpenAPI document of the served catalog, made when it is first asked for."""

import json
from functools import lru_cache
from typing import Any

from bud_codegen.model import Action, Catalog, Category, Project
from bud_server.catalog.served import Document, ServedCatalog
from bud_server.http.answer import Answer


@lru_cache(maxsize=2)
def openapi_answer(catalog: ServedCatalog) -> Answer:
    """Return the answer with what the generator would write for the same actions."""
    return Answer(_emitted(catalog), catalog.digest)


def openapi_document(catalog: ServedCatalog) -> dict[str, Any]:
    """Return the same as a document of the caller's own."""
    document: dict[str, Any] = json.loads(_emitted(catalog))
    return document


def _emitted(catalog: ServedCatalog) -> bytes:
    from bud_codegen.emit import openapi  # 20 ms that a start does not need

    (content,) = openapi.emit(_model(catalog)).values()
    return content


def _model(catalog: ServedCatalog) -> Catalog:
    categories = tuple(Category(each["name"], each["icon"], "", each["order"]) for each in catalog.categories)
    actions = tuple(_action(entry, is_newest=True) for entry in catalog.entries.values())
    older = tuple(_action(entry, is_newest=False) for entry in catalog.older.values())
    return Catalog(Project(), categories, actions, catalog.digest, older)


def _action(entry: Document, *, is_newest: bool) -> Action:
    return Action(
        type=entry["meta"]["type"],
        folder="",
        stem="",
        source=entry["source"],
        digest=entry["digest"],
        meta=entry["meta"],
        input_schema=entry["input_schema"],
        params_schema=entry["params_schema"],
        outputs_schema=entry["outputs_schema"],
        is_newest=is_newest,
    )
