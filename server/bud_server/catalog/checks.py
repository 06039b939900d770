"""What executors find wrong with params, beyond what the action files say."""

import asyncio
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from bud_actions.base import BaseActionExecutor, ExecutorError
from bud_schemas import ParamValidator
from bud_schemas.values import is_template
from bud_server.catalog.served import CatalogError
from bud_server.log import log
from bud_server.runtime.found import Found

ExecutorOf = Callable[[str], BaseActionExecutor]
"""Returns what performs actions of a type. Raises ExecutorError if it cannot be made, KeyError if there is none."""


class Finding(NamedTuple):
    """One thing wrong, as ParamProblem says it."""

    param: str | None
    """The param it is about, if the executor says so."""
    code: str
    message: str


class ExecutorChecks:
    """Asks the executors whose class has a `validate_params` of its own; imports each when it is first needed."""

    def __init__(self, executors: Callable[[], ExecutorOf] | None) -> None:
        self._executors = executors
        self._executor_of: ExecutorOf | None = None
        self._made: set[str] = set()
        """Types whose executor is there at once."""

    async def findings(self, action_type: str, validator: ParamValidator, params: Mapping[str, Any]) -> list[Finding]:
        """Return what an executor says of valid params; nothing while one of them hangs on a template."""
        if self._executors is None:
            return []
        try:
            executor = await self._executor(self._executors, action_type)
        except (ExecutorError, CatalogError) as error:
            return [_finding(str(error), ())]
        except KeyError:
            return [_finding(f"there is no executor of {action_type}", ())]
        if not _checks(executor) or _holds_template(params):
            return []
        complete = validator.complete(params)
        try:
            said = await asyncio.to_thread(lambda: list(executor.validate_params(complete)))
        except Exception as error:
            found = Found()
            found.add(complete)
            trace = found.mask("".join(traceback.format_exception(error)))
            log().warning("params_not_checked", action=action_type, exception=trace)
            return [_finding(f"the executor of {action_type} could not check the params: {type(error).__name__}", ())]
        return [_finding(str(each), complete) for each in said]

    async def _executor(self, executors: Callable[[], ExecutorOf], action_type: str) -> BaseActionExecutor:
        if self._executor_of is not None and action_type in self._made:
            return self._executor_of(action_type)
        executor = await asyncio.to_thread(self._make, executors, action_type)
        self._made.add(action_type)
        return executor

    def _make(self, executors: Callable[[], ExecutorOf], action_type: str) -> BaseActionExecutor:
        self._executor_of = self._executor_of or executors()
        return self._executor_of(action_type)


def _checks(executor: BaseActionExecutor) -> bool:
    own = getattr(type(executor), "validate_params", None)
    return own is not None and own is not BaseActionExecutor.validate_params


def _holds_template(value: object) -> bool:
    if isinstance(value, str):
        return is_template(value)
    if isinstance(value, Mapping):
        return any(map(_holds_template, value.values()))
    return isinstance(value, list) and any(map(_holds_template, value))


def _finding(message: str, names: Iterable[str]) -> Finding:
    """Return what an executor says; it may begin with the param that it is about, and a colon."""
    about, colon, _ = message.partition(":")
    return Finding(about if colon and about in names else None, "executor", message)
