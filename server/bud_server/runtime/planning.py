"""Plans: made of a pipeline and the catalog, kept with the executions that follow them."""

import hashlib
import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select

from bud_server.catalog.served import ServedCatalog
from bud_server.pipelines.definition import Pipeline, Retry, Step
from bud_server.runtime.decide import Rules
from bud_server.runtime.plan import Plan, PlannedStep, Retries
from bud_server.runtime.rules import PipelineRules
from bud_server.runtime.secrets import Secrets
from bud_server.runtime.store.database import Database, Transaction
from bud_server.runtime.store.rows import as_text
from bud_server.runtime.store.tables import definitions, plans

MOST_KEPT = 500
"""Plans kept in memory."""


def plan_of(pipeline: Pipeline, catalog: ServedCatalog) -> Plan:
    """Return the plan of a pipeline that has been checked against the catalog."""
    dependents: dict[str, list[str]] = {step.id: [] for step in pipeline.steps}
    for step in pipeline.steps:
        for dependency in dict.fromkeys(step.depends_on):
            dependents[dependency].append(step.id)
    settings = pipeline.settings
    planned = {
        step.id: _planned(step, position, tuple(dependents[step.id]), catalog, settings.retry_policy)
        for position, step in enumerate(pipeline.steps)
    }
    used = [entry for step in pipeline.steps if (entry := catalog.entry(step.action)) is not None]
    return Plan(
        name=pipeline.name,
        steps=planned,
        definitions={entry["digest"]: entry for entry in used},
        outputs=dict(pipeline.outputs),
        timeout_seconds=float(settings.timeout_seconds),
        is_fail_fast=settings.fail_fast,
        most_parallel=settings.max_parallel_steps,
    )


def _planned(
    step: Step, position: int, dependents: tuple[str, ...], catalog: ServedCatalog, default: Retry | None
) -> PlannedStep:
    entry = catalog.entry(step.action)
    meta: Mapping[str, Any] = entry["meta"] if entry is not None else {}
    return PlannedStep(
        id=step.id,
        name=step.name,
        action=meta.get("type", step.action),
        version=meta.get("version", ""),
        position=position,
        depends_on=tuple(dict.fromkeys(step.depends_on)),
        dependents=dependents,
        condition=step.condition,
        params=dict(step.params),
        goes_on_after_failure=step.on_failure == "continue",
        timeout_seconds=step.timeout_seconds,
        attempt_seconds=meta.get("timeout_seconds"),
        retries=_retries(step, meta, default),
        is_idempotent=bool(meta.get("idempotent", False)),
        digest=entry["digest"] if entry is not None else "",
    )


def _retries(step: Step, meta: Mapping[str, Any], default: Retry | None) -> Retries | None:
    """Return the retries of a step: its own, or its action's, or the pipeline's."""
    if step.retry is not None:
        return _of_pipeline(step.retry)
    policy = meta.get("retry_policy")
    if policy is not None:
        longest = policy.get("max_interval_seconds")
        return Retries(
            max_attempts=policy["max_attempts"],
            first_seconds=float(policy["initial_interval_seconds"]),
            multiplier=float(policy["backoff_multiplier"]),
            longest_seconds=3600.0 if longest is None else float(longest),
        )
    if default is not None:
        return _of_pipeline(default)
    return Retries() if step.on_failure == "retry" else None


def _of_pipeline(retry: Retry) -> Retries:
    return Retries(
        max_attempts=retry.max_attempts,
        first_seconds=float(retry.backoff_seconds),
        multiplier=float(retry.backoff_multiplier),
        longest_seconds=float(retry.max_backoff_seconds),
    )


def plan_document(plan: Plan) -> dict[str, Any]:
    """Return a plan as JSON; what it shares with the plan must not be changed."""
    members = {name: each for name, each in _members(plan).items() if name != "definitions"}
    return {**members, "steps": {step_id: _step_document(step) for step_id, step in plan.steps.items()}}


def _step_document(step: PlannedStep) -> dict[str, Any]:
    return {**_members(step), "retries": None if step.retries is None else asdict(step.retries)}


def _members(planned: Plan | PlannedStep) -> dict[str, Any]:
    return {field.name: getattr(planned, field.name) for field in fields(planned)}


def read_plan(document: Mapping[str, Any], definitions: Mapping[str, Mapping[str, Any]] | None = None) -> Plan:
    """Return the plan that a document stands for, with the definitions that it refers to."""
    steps = {step_id: _read_step(step) for step_id, step in document["steps"].items()}
    warnings = tuple(document.get("warnings", ()))
    return Plan(**{**document, "steps": steps, "warnings": warnings, "definitions": definitions or {}})


def _read_step(document: Mapping[str, Any]) -> PlannedStep:
    retries = document["retries"]
    return PlannedStep(
        **{
            **document,
            "depends_on": tuple(document["depends_on"]),
            "dependents": tuple(document["dependents"]),
            "retries": None if retries is None else Retries(**retries),
        }
    )


class WrittenPlan(NamedTuple):
    """A plan as it is kept."""

    plan: Plan
    definition: str
    document: str
    digest: str
    """SHA-256 of both texts."""


def written_plan(plan: Plan, definition: Mapping[str, Any]) -> WrittenPlan:
    """Return a plan, and the definition that it was made of, as they are kept."""
    texts = as_text(definition), as_text(plan_document(plan))
    return WrittenPlan(plan, *texts, hashlib.sha256("\n".join(texts).encode()).hexdigest())


class PlanStore:
    """Plans by digest."""

    def __init__(self, database: Database, secrets: Secrets) -> None:
        self._secrets = secrets
        self._insert = database.insert(plans).on_conflict_do_nothing()
        self._insert_definition = database.insert(definitions).on_conflict_do_nothing()
        self._kept: OrderedDict[str, tuple[Plan, Rules]] = OrderedDict()

    def put(self, on: Transaction, written: WrittenPlan) -> None:
        """Keep a plan."""
        if written.digest in self._kept or written.digest in on.written:
            return
        values = {"digest": written.digest, "definition": written.definition, "document": written.document}
        on.connection.execute(self._insert, values)
        kept = [{"digest": digest, "document": as_text(entry)} for digest, entry in written.plan.definitions.items()]
        if kept:
            on.connection.execute(self._insert_definition, kept)
        usable = on.written[written.digest] = (written.plan, PipelineRules(written.plan, self._secrets))
        on.after.append(lambda: self._keep(written.digest, usable))

    def get(self, on: Transaction, digest: str) -> tuple[Plan, Rules]:
        """Return a plan, with what evaluates its expressions. Raises KeyError if there is none."""
        usable = on.written.get(digest) or self._kept.get(digest)
        if usable is None:
            document = on.connection.execute(_DOCUMENT, {"digest": digest}).scalar()
            if document is None:
                raise KeyError(digest)
            plan = _with_definitions(on, json.loads(document))
            usable = (plan, PipelineRules(plan, self._secrets))
            self._keep(digest, usable)
        return usable

    def _keep(self, digest: str, usable: tuple[Plan, Rules]) -> None:
        """Keep in memory what is committed."""
        self._kept[digest] = usable
        while len(self._kept) > MOST_KEPT:
            self._kept.popitem(last=False)


def _with_definitions(on: Transaction, document: Mapping[str, Any]) -> Plan:
    digests = {step.get("digest") for step in document["steps"].values()} - {None, ""}
    rows = on.connection.execute(select(definitions).where(definitions.c.digest.in_(sorted(digests))))
    return read_plan(document, {row.digest: json.loads(row.document) for row in rows})


_DOCUMENT = select(plans.c.document).where(plans.c.digest == bindparam("digest"))
