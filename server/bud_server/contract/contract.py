"""An OpenAPI document as the rule that requests and answers are held to, by openapi-core."""

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from jsonschema.exceptions import ValidationError, best_match
from jsonschema_path import SchemaPath
from openapi_core import Config, OpenAPI
from openapi_core.deserializing.styles.exceptions import EmptyQueryParameterValue
from openapi_core.templating.media_types.exceptions import MediaTypeNotFound
from openapi_core.templating.media_types.finders import MediaTypeFinder
from openapi_core.templating.paths.exceptions import PathError
from openapi_core.templating.paths.finders import APICallPathFinder
from openapi_core.templating.responses.exceptions import ResponseNotFound
from openapi_core.templating.responses.finders import ResponseFinder
from openapi_core.validation.schemas.exceptions import InvalidSchemaValue

from bud_server.catalog.served import ServedCatalog
from bud_server.contract.adapters import CheckedRequest, CheckedResponse
from bud_server.openapi import openapi_document

_CONFIG = Config(
    spec_validator_cls=None,  # type: ignore[arg-type] # the document is ours; checking it takes long, and tests do
    extra_media_type_deserializers={
        "application/problem+json": lambda body, **_: json.loads(body),
        "application/schema+json": lambda body, **_: json.loads(body),
    },
)


class Contract:
    """Tells where a request or an answer differs from a document; None if nowhere."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._openapi = OpenAPI.from_dict(dict(document), config=_CONFIG)
        self._paths = APICallPathFinder(self._openapi.spec)
        self._of_json = lru_cache(maxsize=64)(self._find_difference)

    def of_request(self, request: CheckedRequest) -> str | None:
        """Return what the document forbids about a request."""
        errors = self._openapi.request_validator.iter_errors(request)
        return _first(error for error in errors if not isinstance(error.__cause__, EmptyQueryParameterValue))

    def of_head(self, request: CheckedRequest, response: CheckedResponse) -> str | None:
        """Return what is not in the document about an answer's status and content type, whatever its body.

        A request for which there is no operation may only be refused.
        """
        operation = self._operation(request)
        if operation is None:
            return None if response.status_code >= 300 else "it is not described, but answered"
        try:
            described = ResponseFinder(operation / "responses").find(str(response.status_code))
            if "content" in described:
                MediaTypeFinder(described / "content").find(response.content_type)
        except (ResponseNotFound, MediaTypeNotFound) as error:
            return f"the answer {response.status_code} is not described: {error}"
        return None

    def of_response(self, request: CheckedRequest, response: CheckedResponse) -> str | None:
        """Return what is not in the document about an answer and its JSON body."""
        if self._operation(request) is None:
            return self.of_head(request, response)
        return self._of_json(request.method, request.path, response.status_code, response.content_type, response.data)

    def _find_difference(self, method: str, path: str, status: int, content_type: str, data: bytes) -> str | None:
        response = CheckedResponse(status, content_type, data)
        return _first(self._openapi.response_validator.iter_errors(CheckedRequest(method, path), response))

    def _operation(self, request: CheckedRequest) -> SchemaPath | None:
        try:
            found = self._paths.find(request.method, f"{request.host_url}{request.path}")
        except PathError:
            return None
        operation: SchemaPath = found.operation
        return operation


@lru_cache(maxsize=2)
def contract_of(catalog: ServedCatalog) -> Contract:
    """Return the contract of a catalog's document."""
    return Contract(openapi_document(catalog))


def _first(errors: Iterable[Exception]) -> str | None:
    return next((_said(error) for error in errors), None)


def _said(error: Exception) -> str:
    """Say what openapi-core found, with the place in the body."""
    cause = error.__cause__
    if isinstance(cause, InvalidSchemaValue):
        found = best_match(each for each in cause.schema_errors if isinstance(each, ValidationError))
        return f"{found.json_path}: {found.message[:300]}" if found else str(cause)[:300]
    return f"{error}: {cause}"[:300] if cause else str(error)[:300]
