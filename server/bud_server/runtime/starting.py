"""From what a client sends to an execution that may begin: the pipeline, its params and the right to run it."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Row

from bud_server.auth.identity import Subject
from bud_server.auth.permissions import require
from bud_server.catalog.served import ServedCatalog
from bud_server.http.body import RefusedError
from bud_server.pipelines.arguments import check_params
from bud_server.pipelines.content import InvalidError, check_no_stars, valid
from bud_server.pipelines.definition import Pipeline
from bud_server.pipelines.problem import PipelineProblem
from bud_server.pipelines.read import read_pipeline, unwrapped
from bud_server.pipelines.saved import pins_of
from bud_server.runtime.executions import Request
from bud_server.runtime.found import Found
from bud_server.runtime.secrets import Secrets

OPTIONS = ("callback_topics", "subscriber_ids", "payload_type", "notification_workflow_id")
"""Whom to tell of an execution's progress."""


@dataclass(frozen=True, slots=True)
class Starter:
    """Makes requests for executions. Everything here takes its time: keep it out of event loops."""

    catalog: ServedCatalog
    secrets: Secrets
    subject: Subject
    idempotency_key: str | None

    def of_saved(self, row: Row[Any], body: Mapping[str, Any]) -> Request:
        """Return the request to run a saved pipeline. Raises RefusedError, InvalidError and ForbiddenError."""
        if row.status == "draft":
            raise RefusedError(409, f"Pipeline '{row.name}' is a draft: give it steps before you run it")
        definition, pins = json.loads(row.definition), pins_of(row)
        catalog = self.catalog.pinned(pins)
        pipeline, warnings = valid(self.secrets.open(definition, Found()), catalog, stored=True)
        with_sealed_values = read_pipeline(definition, stored=True).pipeline
        request = self._request(pipeline, with_sealed_values or pipeline, warnings, body, catalog)
        return replace(request, pipeline_id=row.id, pins=pins)

    def of_definition(self, document: object, body: Mapping[str, Any]) -> Request:
        """Return the request to run a pipeline that is not saved. Raises the same."""
        definition = unwrapped(document)
        check_no_stars(definition if isinstance(definition, Mapping) else {}, self.catalog)
        pipeline, warnings = valid(definition, self.catalog)
        return self._request(pipeline, pipeline, warnings, body, self.catalog)

    def _request(
        self,
        pipeline: Pipeline,
        kept: Pipeline,
        warnings: list[PipelineProblem],
        body: Mapping[str, Any],
        catalog: ServedCatalog,
    ) -> Request:
        require(self.subject, _needed(pipeline, catalog))
        return Request(
            pipeline=kept,
            warnings=tuple(warnings),
            params=checked_params(pipeline, body.get("params") or {}),
            subject=self.subject,
            owner=self.subject.id,
            initiator=body.get("initiator") or "api",
            options={name: body[name] for name in OPTIONS if body.get(name) is not None},
            idempotency_key=self.idempotency_key,
        )


def _needed(pipeline: Pipeline, catalog: ServedCatalog) -> Iterable[str]:
    """Yield the permissions that the steps need, in the order of the definition."""
    for step in pipeline.steps:
        entry = catalog.entry(step.action)
        yield from entry["meta"]["required_permissions"] if entry else ()


def checked_params(pipeline: Pipeline, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the params of an execution, complete. Raises InvalidError."""
    complete, problems = check_params(pipeline, params)
    if any(each.is_error for each in problems):
        raise InvalidError(422, "Invalid params", problems)
    return complete
