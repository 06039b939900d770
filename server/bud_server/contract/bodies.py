"""Request bodies, checked against the OpenAPI document by validators compiled from it when they are first needed."""

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bud_server.catalog.served import ServedCatalog
from bud_server.http.body import RefusedError
from bud_server.openapi import openapi_document

if TYPE_CHECKING:
    import jsonschema_rs

Schema = Mapping[str, Any]
_Compiled = tuple["jsonschema_rs.Draft202012Validator", Schema]
"""A validator, and the schema it was made of."""


class RequestBodies:
    """Checks the JSON bodies of a document's operations."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document
        self._compiled: dict[tuple[str, str], _Compiled] = {}

    def check(self, method: str, path: str, body: object) -> None:
        """Raise RefusedError, saying what is wrong and where, unless the document allows a body.

        The path is as the document writes it, such as `/actions/validate`; LookupError if no body is described there.
        """
        validator, schema = self._compiled.get((method, path)) or self._compile(method, path)
        if not validator.is_valid(body):
            raise _refused(next(validator.iter_errors(body)), schema)

    def _compile(self, method: str, path: str) -> _Compiled:
        import jsonschema_rs

        described = self._resolved(self._document["paths"][path][method.lower()]["requestBody"])
        body = described["content"]["application/json"]["schema"]
        schema = {**body, "components": {"schemas": _reachable(body, self._document["components"]["schemas"])}}
        compiled = jsonschema_rs.Draft202012Validator(schema, mask="the value"), schema  # a value may be secret
        self._compiled[method, path] = compiled
        return compiled

    def _resolved(self, described: Mapping[str, Any]) -> Mapping[str, Any]:
        name = described.get("$ref", "").rpartition("/")[2]
        found: Mapping[str, Any] = self._document["components"]["requestBodies"][name] if name else described
        return found


def _reachable(schema: Schema, schemas: Mapping[str, Schema]) -> dict[str, Schema]:
    """Return the named schemas that a schema needs: those it refers to, those that they refer to, and so on."""
    found: dict[str, Schema] = {}
    waiting: list[Any] = [schema]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            name = str(each.get("$ref", "")).removeprefix("#/components/schemas/")
            if name in schemas and name not in found:
                found[name] = schemas[name]
                waiting.append(schemas[name])
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
    return found


def _refused(error: "jsonschema_rs.ValidationError", schema: Schema) -> RefusedError:
    from bud_server.contract.explanation import explained

    pointer, detail = explained(error, schema)
    return RefusedError(422, detail, pointer)


@lru_cache(maxsize=2)
def request_bodies(catalog: ServedCatalog) -> RequestBodies:
    """Return what checks bodies against the document of a catalog."""
    return RequestBodies(openapi_document(catalog))
