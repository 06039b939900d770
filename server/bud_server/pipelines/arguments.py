"""The params of an execution, held to the parameters of its pipeline."""

from collections.abc import Mapping
from typing import Any

from bud_schemas.validation import is_absent
from bud_server.pipelines import kinds
from bud_server.pipelines.definition import Pipeline
from bud_server.pipelines.names import Names
from bud_server.pipelines.problem import PipelineProblem, in_order, problem
from bud_server.pipelines.read import described


def check_params(pipeline: Pipeline, params: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[PipelineProblem, ...]]:
    """Return the params that steps see and what is wrong with those given, whose paths start at the params.

    null and "" are absent. An absent parameter has its default, or None. Unknown params are passed on with a warning,
    since older clients send some.
    """
    complete: dict[str, Any] = {}
    problems: list[PipelineProblem] = []
    for parameter in pipeline.parameters:
        name = parameter.name
        given = params.get(name)
        if is_absent(given):
            complete[name] = None if is_absent(parameter.default) else parameter.default
            if parameter.required and complete[name] is None:
                problems.append(problem("param_missing", (name,), name=name))
            continue
        complete[name] = given
        taken = kinds.of_parameter(parameter)
        if not kinds.of_value(given) & taken:
            expected = kinds.shown(taken)
            problems.append(problem("param_type", (name,), name=name, expected=expected, found=described(given)))
    names = Names(complete)
    for name in params.keys() - complete.keys():
        complete[name] = params[name]
        problems.append(problem("param_unknown", (name,), name=name, hint=names.hint(name)))
    return complete, in_order(problems)
