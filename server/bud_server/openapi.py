"""The OpenAPI document of the served catalog, made when it is first asked for."""

import json
from functools import lru_cache
from typing import Any

from bud_codegen.model import Project
from bud_server.catalog.served import ServedCatalog
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
    from bud_codegen.build import described_catalog
    from bud_codegen.emit import openapi  # 20 ms that a start does not need

    (content,) = openapi.emit(described_catalog(Project(), catalog.document)).values()
    return content
