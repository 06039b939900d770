"""Query parameters, read as the OpenAPI document describes them."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from bud_server.catalog.served import ServedCatalog
from bud_server.http.body import RefusedError
from bud_server.openapi import openapi_document

MOST_PARAMETERS = 100
"""Parameters of a query; one with more is refused."""
_TRUTH = {"true": True, "1": True, "false": False, "0": False}
_WHOLE = re.compile(r"-?[0-9]{1,15}", re.ASCII)
Schema = Mapping[str, Any]


class QueryParameters:
    """Reads the queries of a document's operations."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def read(self, method: str, path: str, query: str) -> dict[str, Any]:
        """Return what a query gives, and the defaults of what it leaves out; None where there is no default.

        Moments become seconds since 1970. Of a repeated parameter the last counts, an empty text is left out, and
        unknown ones mean nothing. Raises RefusedError for a value that the document forbids.
        """
        given = _members(query)
        return {
            each["name"]: _value(each["name"], each["schema"], given.get(each["name"]))
            for each in self._described(method, path)
        }

    def _described(self, method: str, path: str) -> list[Schema]:
        """Return the query parameters of an operation, as the document describes them."""
        item = self._document["paths"][path]
        listed = [*item.get("parameters", ()), *item[method.lower()].get("parameters", ())]
        return [each for each in map(self._resolved, listed) if each["in"] == "query"]

    def _resolved(self, described: Schema) -> Schema:
        name = described.get("$ref", "").rpartition("/")[2]
        found: Schema = self._document["components"]["parameters"][name] if name else described
        return found


def _members(query: str) -> dict[str, str]:
    try:
        return dict(parse_qsl(query, keep_blank_values=True, max_num_fields=MOST_PARAMETERS))
    except ValueError as error:
        raise RefusedError(400, f"The query has more than {MOST_PARAMETERS} parameters") from error


def _value(name: str, schema: Schema, text: str | None) -> Any:
    if text is None or (text == "" and schema["type"] == "string"):
        return schema.get("default")
    if "enum" in schema and text not in schema["enum"]:
        raise RefusedError(422, f"{name} must be one of: {', '.join(schema['enum'])}")
    if schema["type"] == "integer":
        return _integer(name, schema, text)
    if schema["type"] == "boolean":
        if text.lower() not in _TRUTH:
            raise RefusedError(422, f"{name} must be true or false")
        return _TRUTH[text.lower()]
    if schema.get("x-moment"):
        return _moment(name, text)
    if len(text) > schema.get("maxLength", len(text)) or "\0" in text:
        raise RefusedError(
            422, f"{name} must be a text of at most {schema.get('maxLength', 'any')} characters, none NUL"
        )
    return text


def _integer(name: str, schema: Schema, text: str) -> int:
    least, most = schema["minimum"], schema.get("maximum")
    number = int(text) if _WHOLE.fullmatch(text) else None
    if number is None or number < least or (most is not None and number > most):
        raise RefusedError(422, f"{name} must be a whole number {_range(least, most)}")
    return number


def _range(least: int, most: int | None) -> str:
    return f"from {least}" if most is None else f"from {least} to {most}"


def _moment(name: str, text: str) -> float:
    try:
        moment = datetime.fromisoformat(text.replace(" ", "+"))
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        raise RefusedError(422, f"{name} must be a moment such as 2026-01-31T12:00:00Z") from error


@lru_cache(maxsize=2)
def query_parameters(catalog: ServedCatalog) -> QueryParameters:
    """Return what reads queries by the document of a catalog."""
    return QueryParameters(openapi_document(catalog))
