"""What people and programs ask of executions: to begin, to end, to be tried again, and how they are getting on."""

import asyncio
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import insert, select

from bud_server.auth.identity import Subject
from bud_server.catalog.served import ServedCatalog
from bud_server.expressions import CompileErrors, compile_value
from bud_server.pipelines.content import problem_document
from bud_server.pipelines.definition import Pipeline, definition_digest
from bud_server.pipelines.problem import PipelineProblem
from bud_server.pipelines.sealing import sealed, sealed_value, secret_names, without_secret_places
from bud_server.runtime import inputs
from bud_server.runtime.engine import Engine, Happened
from bud_server.runtime.found import Found
from bud_server.runtime.identifiers import new_id
from bud_server.runtime.plan import Plan, PlannedStep
from bud_server.runtime.planning import PlanStore, plan_of, written_plan
from bud_server.runtime.secrets import Secrets
from bud_server.runtime.state import ExecutionState, new_state
from bud_server.runtime.status import StepStatus
from bud_server.runtime.store.database import Rejection, Transaction
from bud_server.runtime.store.rows import as_text, execution_values, subject_document
from bud_server.runtime.store.tables import executions

MOST_WARNINGS = 100
"""Warnings that are kept with an execution."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An execution that somebody asks for; pipeline and params have been checked."""

    pipeline: Pipeline
    params: Mapping[str, Any]
    subject: Subject
    warnings: tuple[PipelineProblem, ...] = ()
    """What was found when the pipeline was checked."""
    owner: str = ""
    pipeline_id: str | None = None
    initiator: str = "api"
    options: Mapping[str, Any] = field(default_factory=dict)
    idempotency_key: str | None = None
    pins: Mapping[str, int] = field(default_factory=dict)
    """Major versions of actions, by type, that the pipeline was saved with."""


class ReusedKeyError(Rejection):
    """An idempotency key came again with another request."""


class Executions:
    """All executions of a database."""

    def __init__(
        self, engine: Engine, plans: PlanStore, secrets: Secrets, catalog: Callable[[], ServedCatalog]
    ) -> None:
        self._engine = engine
        self._plans = plans
        self._secrets = secrets
        self._catalog = catalog
        self._waiting: dict[str, list[Callable[[ExecutionState], None]]] = {}
        self._lock = threading.Lock()
        engine.listeners.append(self._happened)

    def start(self, asked: Request) -> "Future[ExecutionState]":
        """Return the future state of a new execution, or of the one that the same request began before.

        Raises SecretsError if there are secret values and no key to keep them with. The future raises ReusedKeyError.
        """
        catalog = self._catalog().pinned(asked.pins)
        plan = replace(self._sealed_plan(asked.pipeline, catalog), warnings=_kept_warnings(asked, catalog))
        params = self.sealed_params(asked.pipeline, plan, asked.params)
        document = asked.pipeline.to_document()
        written = written_plan(plan, self._sealed_definition(document, plan, catalog))
        request_digest = None if asked.idempotency_key is None else self._request_digest(document, asked)

        def job(on: Transaction) -> ExecutionState:
            if asked.idempotency_key is not None:
                known = self._known(on, asked, request_digest)
                if known is not None:
                    return known
            self._plans.put(on, written)
            state = new_state(new_id(), tuple(plan.steps), params)
            on.connection.execute(insert(executions), self._values(on, asked, state, written.digest, request_digest))
            return self._engine.transition(on, state.id, inputs.Start()).after

        return self._engine.database.write(job)

    def _known(self, on: Transaction, asked: Request, request_digest: str | None) -> ExecutionState | None:
        same_key = (executions.c.owner == asked.owner, executions.c.idempotency_key == asked.idempotency_key)
        row = on.connection.execute(select(executions).where(*same_key)).first()
        if row is None:
            return None
        if row.request_digest != request_digest:
            raise ReusedKeyError("This Idempotency-Key was used for another request")
        return self._engine.state(on, row.id)

    def _values(
        self, on: Transaction, asked: Request, state: ExecutionState, digest: str, request_digest: str | None
    ) -> dict[str, Any]:
        return {
            **execution_values(state),
            "id": state.id,
            "pipeline_id": asked.pipeline_id,
            "pipeline_name": asked.pipeline.name,
            "plan": digest,
            "owner": asked.owner,
            "subject": as_text(subject_document(asked.subject)),
            "initiator": asked.initiator,
            "options": as_text(asked.options),
            "idempotency_key": asked.idempotency_key,
            "request_digest": request_digest,
            "step_count": len(state.steps),
            "created_at": on.now,
            "updated_at": on.now,
        }

    # Secrets

    def _request_digest(self, definition: Mapping[str, Any], asked: Request) -> str:
        """Return what tells requests with the same key apart, and nothing of their secrets."""
        request = {
            "definition": definition,
            "params": asked.params,
            "id": asked.pipeline_id,
            "initiator": asked.initiator,
            "options": asked.options,
        }
        return self._secrets.digest(definition_digest(self._secrets.open(request, Found())))

    def _sealed_plan(self, pipeline: Pipeline, catalog: ServedCatalog) -> Plan:
        """Return a plan with the values of secret params sealed; mere references stay as they are."""
        plan = plan_of(pipeline, catalog)
        steps = {step.id: replace(step, params=self._sealed_step_params(plan, step)) for step in plan.steps.values()}
        return replace(plan, steps=steps)

    def _sealed_step_params(self, plan: Plan, step: PlannedStep) -> Mapping[str, Any]:
        secret = self._secret_names(plan, step.id)
        given = step.params.items()
        return {name: sealed_value(value, self._secrets) if name in secret else value for name, value in given}

    def sealed_params(self, pipeline: Pipeline, plan: Plan, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the params of an execution with the secret ones encrypted. Raises SecretsError if there is no key."""
        secret = self._secret_params(pipeline, plan)
        return {name: self._secrets.seal(value) if name in secret else value for name, value in params.items()}

    def _secret_params(self, pipeline: Pipeline, plan: Plan) -> set[str]:
        """Return the parameters of a pipeline whose values are secret: declared so, or passed on to a secret param."""
        found = {parameter.name for parameter in pipeline.parameters if parameter.secret}
        step_ids = frozenset(step.id for step in pipeline.steps)
        for step in pipeline.steps:
            for name in self._secret_names(plan, step.id) & step.params.keys():
                try:
                    value = compile_value(self._secrets.open(step.params[name], Found()), step_ids)
                except CompileErrors:
                    continue
                names = [each.reference.name for each in value.references if each.reference.root == "params"]
                found.update(name for name in names if name is not None)
        return found

    def _secret_names(self, plan: Plan, step_id: str) -> set[str]:
        """Return the names of a step's secret params, as the definition says that the plan was made with."""
        step = plan.steps[step_id]
        definition = plan.definitions.get(step.digest) or self._catalog().entry(step.action)
        return secret_names(definition["meta"]) if definition else set()

    def _sealed_definition(self, definition: Mapping[str, Any], plan: Plan, catalog: ServedCatalog) -> dict[str, Any]:
        document = sealed(definition, catalog, self._secrets)
        for step in document["steps"]:
            step["params"] = dict(plan.steps[step["id"]].params)
        return document

    # What can be asked of one

    def cancel(self, execution_id: str, by: str, reason: str = "") -> "Future[Happened]":
        """End an execution; the future raises NotFoundError or RefusedError."""
        asked = inputs.CancelRequested(by, reason)
        return self._engine.database.write(lambda on: self._engine.transition(on, execution_id, asked))

    def retry(self, execution_id: str, by: str, params: Mapping[str, Any] | None = None) -> "Future[Happened]":
        """Try again what did not complete; the future raises NotFoundError or RefusedError."""
        asked = inputs.RetryRequested(by, params)
        return self._engine.database.write(lambda on: self._engine.transition(on, execution_id, asked))

    def resolve(
        self, execution_id: str, step_id: str, by: str, outcome: str, outputs: Mapping[str, Any]
    ) -> "Future[Happened]":
        """Say what became of an uncertain step; the future raises NotFoundError or RefusedError."""
        asked = inputs.StepResolved(step_id, by, outcome, outputs)
        return self._engine.database.write(lambda on: self._engine.transition(on, execution_id, asked))

    # Waiting

    async def settled(self, state: ExecutionState, seconds: float) -> ExecutionState:
        """Return an execution's state once it has ended or only waits, or as it is when the time is over."""
        loop = asyncio.get_running_loop()
        settled: asyncio.Future[ExecutionState] = loop.create_future()
        latest = [state]

        def tell(after: ExecutionState) -> None:
            latest[0] = after
            if is_settled(after):
                loop.call_soon_threadsafe(lambda: None if settled.done() else settled.set_result(after))

        with self._lock:
            self._waiting.setdefault(state.id, []).append(tell)
        try:
            current = self._engine.known_state(state.id)
            if current is not None:
                tell(current)
            if is_settled(state):
                return state
            return await asyncio.wait_for(settled, seconds)
        except TimeoutError:
            return latest[0]
        finally:
            with self._lock:
                self._waiting[state.id].remove(tell)
                if not self._waiting[state.id]:
                    del self._waiting[state.id]

    def _happened(self, happened: Happened) -> None:
        with self._lock:
            waiting = list(self._waiting.get(happened.execution_id, ()))
        for tell in waiting:
            tell(happened.after)


def _kept_warnings(asked: Request, catalog: ServedCatalog) -> tuple[Mapping[str, Any], ...]:
    told = without_secret_places(asked.warnings[:MOST_WARNINGS], asked.pipeline, catalog)
    return tuple(problem_document(each) for each in told)


def is_settled(state: ExecutionState) -> bool:
    """Whether an execution has ended, or nothing but events and moments can move it on."""
    if state.status.is_terminal:
        return True
    active = [step for step in state.steps.values() if step.is_active]
    return bool(active) and all(step.status is StepStatus.WAITING and step.work is None for step in active)
