"""What an executor is told, worked out from a state: params resolved, checked, and secrets in plain text."""

import hmac
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bud_actions.base import (
    ActionContext,
    BaseActionExecutor,
    Callback,
    EventContext,
    ExecutorError,
    Outbound,
    Services,
)
from bud_schemas import ParamValidator
from bud_server.auth.identity import Subject
from bud_server.catalog.served import Document, ServedCatalog
from bud_server.expressions import CompileErrors, EvaluationError, Scope, StepView, compile_condition, compile_value
from bud_server.pipelines.sealing import secret_names
from bud_server.runtime.engine import Assignment
from bud_server.runtime.evaluation import Evaluation
from bud_server.runtime.executors.call import problems_of
from bud_server.runtime.found import Found
from bud_server.runtime.plan import PlannedStep
from bud_server.runtime.secrets import Secrets, SecretsError
from bud_server.runtime.store.rows import subject_of

KEY_PREFIX = "callback:"
"""Of the correlation key that only an attempt's callback token names."""


class UnpreparedError(Exception):
    """A step that cannot be attempted, whatever its executor would do."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Everything that an attempt needs."""

    executor: BaseActionExecutor
    context: ActionContext
    meta: Document
    found: Found = field(repr=False, default_factory=Found)
    """Plain secrets that the executor may let slip."""

    def mask(self, text: str) -> str:
        """Return a text without the secrets."""
        return self.found.mask(text)


class _Outputs(Mapping[str, Mapping[str, Any]]):
    """The outputs of the steps that have any."""

    def __init__(self, views: Mapping[str, StepView]) -> None:
        self._views = views

    def __getitem__(self, step: str) -> Mapping[str, Any]:
        outputs = self._views[step].outputs
        if not outputs:
            raise KeyError(step)
        return outputs

    def __iter__(self) -> Iterator[str]:
        return (step for step in self._views if self._views[step].outputs)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Preparation:
    """Prepares attempts."""

    def __init__(
        self,
        catalog: Callable[[], ServedCatalog],
        executor_of: Callable[[str], BaseActionExecutor],
        secrets: Secrets,
        services: Services,
        outbound: Outbound,
        callback_secret: bytes,
        public_url: str,
    ) -> None:
        self._catalog = catalog
        self._executor_of = executor_of
        self._secrets = secrets
        self._services = services
        self._outbound = outbound
        self._callback_secret = callback_secret
        self._public_url = public_url

    def prepare(self, given: Assignment, report: Callable[[str, Mapping[str, Any]], None]) -> Prepared:
        """Return what an attempt needs. Raises UnpreparedError, saying why it cannot be made."""
        planned = given.plan.steps[given.step_id]
        catalog = self._catalog()
        name, installed = _installed(catalog, planned)
        entry = given.plan.definitions.get(planned.digest, installed)
        subject = subject_of(given.row)
        _check_permissions(subject, entry["meta"])
        executor = self._executor(name)
        found = Found()
        evaluation = Evaluation(given.state, self._secrets, found)
        try:
            scope = evaluation.scope
            step_ids = given.plan.unusual_ids
            params = self._params(given, entry["meta"], evaluation, found)
        except SecretsError as error:
            raise UnpreparedError("secret", str(error)) from error
        params = self._checked(catalog.validator_of(entry), executor, params, found)
        context = ActionContext(
            params=params,
            step_id=given.step_id,
            execution_id=given.execution_id,
            workflow_params=scope.params,
            step_outputs=_Outputs(scope.steps),
            timeout_seconds=planned.attempt_seconds,
            attempt=given.number,
            idempotency_key=f"{given.execution_id}/{given.step_id}",
            callback=self._callback(given),
            user_id=subject.id,
            services=self._services,
            outbound=self._outbound,
            report=report,
            holds=lambda text: _holds(text, step_ids, scope),
            clock_offset=given.clock_offset,
        )
        return Prepared(executor, context, entry["meta"], found)

    def _executor(self, action: str) -> BaseActionExecutor:
        try:
            return self._executor_of(action)
        except (KeyError, ExecutorError) as error:
            raise UnpreparedError("missing_executor", f"The executor of '{action}' cannot be had: {error}") from error

    def _params(self, given: Assignment, meta: Document, evaluation: Evaluation, found: Found) -> dict[str, Any]:
        """Return a step's params, references resolved; conditions of branches are left to the executor."""
        planned = given.plan.steps[given.step_id]
        raw = self._secrets.open(planned.params, found)
        branches = [param for param in meta["params"] if param["type"] == "branches"]
        own = {name for param in branches for name in (param["name"], param["renamed_from"])}
        secret = secret_names(meta)
        resolved = {}
        for name, value in raw.items():
            try:
                is_own = name in own
                resolved[name] = value if is_own else evaluation.own_value(compile_value(value, given.plan.unusual_ids))
            except (CompileErrors, EvaluationError) as error:
                raise UnpreparedError("params", found.mask(f"The param '{name}' has no value: {error}")) from error
            if name in secret:
                found.add(resolved[name])
        return resolved

    def _checked(
        self, validator: ParamValidator, executor: BaseActionExecutor, params: dict[str, Any], found: Found
    ) -> dict[str, Any]:
        """Return params with defaults filled in. Raises UnpreparedError if they are not what the action takes."""
        problems = [problem.message for problem in validator.validate(params)]
        complete = validator.complete(params)
        problems = problems or problems_of(executor, complete)
        if problems:
            raise UnpreparedError("params", found.mask("; ".join(problems)))
        return complete

    def _callback(self, given: Assignment) -> Callback:
        token = callback_token(self._callback_secret, given.execution_id, given.step_id, given.number)
        url = f"{self._public_url.rstrip('/')}/callbacks/{token}" if self._public_url else ""
        return Callback(url=url, token=KEY_PREFIX + token)

    def event_context(
        self, prepared: Prepared, given: Assignment, event_type: str, data: Mapping[str, Any]
    ) -> EventContext:
        """Return what an executor is told of an event."""
        state = given.state.steps[given.step_id]
        return EventContext(
            step_execution_id=f"{given.execution_id}/{given.step_id}",
            execution_id=given.execution_id,
            external_workflow_id=state.keys[0] if state.keys else "",
            event_type=event_type,
            event_data=data,
            step_outputs=self._secrets.open(state.outputs or {}, prepared.found),
            params=prepared.context.params,
            idempotency_key=prepared.context.idempotency_key,
            user_id=prepared.context.user_id,
            services=self._services,
        )


def _installed(catalog: ServedCatalog, planned: PlannedStep) -> tuple[str, Document]:
    """Return the name and entry of what is installed of the action's major version that an execution began with.

    The name says the major version, so that it means the same while a newer one comes in. Raises UnpreparedError.
    """
    major = planned.version.partition(".")[0]
    name = f"{planned.action}@{major}" if major else planned.action
    entry = catalog.entry(name)
    if entry is not None:
        return name, entry
    there = ", ".join(catalog.versions_of(planned.action))
    message = f"No installed package has the action '{planned.action}'"
    if there:
        message = f"Version {major} of '{planned.action}', which this execution began with, is not installed"
        message = f"{message}; there is {there}"
    raise UnpreparedError("missing_executor", message)


def callback_token(secret: bytes, execution_id: str, step_id: str, number: int) -> str:
    """Return what only an attempt, and whom it told, can name."""
    attempt = f"{execution_id}/{step_id}/{number}"
    return hmac.digest(secret, attempt.encode(), "sha256").hex()


def _check_permissions(subject: Subject, meta: Document) -> None:
    lacking = [permission for permission in meta["required_permissions"] if not subject.has(permission)]
    if lacking:
        message = f"'{subject.id}', who started the execution, lacks the permission '{lacking[0]}'"
        raise UnpreparedError("permission", message)


def _holds(text: str, step_ids: frozenset[str], scope: Scope) -> bool:
    """Whether a condition is true; one that refers to something unknown is not. Raises ExpressionError."""
    try:
        return compile_condition(text, step_ids).holds(scope)
    except EvaluationError:
        return False
