"""What the command line gives: a pipeline's file, and params as text."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

from bud_server.catalog.served import ServedCatalog
from bud_server.pipelines import (
    Parameter,
    Pipeline,
    PipelineFile,
    PipelineProblem,
    check_params,
    check_pipeline,
    load_text,
)
from bud_server.pipelines.kinds import of_parameter, shown
from bud_server.pipelines.names import shortened

_TEXT = frozenset({"string"})


class UsageError(Exception):
    """A command line that cannot be understood."""


@dataclass(frozen=True, slots=True)
class Found:
    """A problem, and the name of what it is in: the pipeline's file, that of the params, or an option."""

    where: str
    problem: PipelineProblem

    def __str__(self) -> str:
        """Return the problem as the terminal shows it."""
        return self.problem.printed(self.where)


@dataclass(frozen=True, slots=True)
class Given:
    """A pipeline that can run with its params, unless there are errors among the problems."""

    file: PipelineFile
    params: Mapping[str, Any]
    problems: tuple[Found, ...]
    warnings: tuple[PipelineProblem, ...] = ()
    """Those of the pipeline itself."""

    @property
    def pipeline(self) -> Pipeline | None:
        """The pipeline; None if there are errors."""
        has_errors = any(each.problem.is_error for each in self.problems)
        return None if has_errors else self.file.reading.pipeline


def read_given(path: Path, options: Iterable[str], params_file: Path | None, catalog: ServedCatalog) -> Given:
    """Return the pipeline of a file and its params, from a JSON file and, before that, from `name=value` options.

    Raises UsageError for a file that cannot be read, or an option without a name.
    """
    file = load_text(_text(path), str(path))
    texts = _named(options)
    from_file, problems = _from_file(params_file)
    pipeline = file.reading.pipeline
    problems += [Found(file.name, each) for each in file.reading.problems]
    if pipeline is None:
        return Given(file, {}, tuple(problems))
    checked = file.located(check_pipeline(pipeline, catalog))
    problems += [Found(file.name, each) for each in checked]
    from_options, mistyped = _typed(texts, pipeline)
    complete, misfits = check_params(pipeline, {**from_file, **from_options})
    mistyped_names = {each.where.removeprefix("--param ") for each in mistyped}
    misfit = [Found("params", each) for each in misfits if each.path[0] not in mistyped_names]
    warnings = tuple(each for each in (*file.reading.problems, *checked) if not each.is_error)
    return Given(file, complete, (*problems, *mistyped, *misfit), warnings)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8: save it as UTF-8") from error


def _named(options: Iterable[str]) -> dict[str, str]:
    texts: dict[str, str] = {}
    for option in options:
        name, equals, text = option.partition("=")
        if not name or not equals:
            raise UsageError(f"--param {option!r} must be NAME=VALUE, such as --param count=3")
        if name in texts:
            raise UsageError(f"--param {name} is given twice; keep one of them")
        texts[name] = text
    return texts


def _from_file(path: Path | None) -> tuple[dict[str, Any], list[Found]]:
    if path is None:
        return {}, []
    try:
        params = json.loads(_text(path), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        return {}, [Found(str(path), PipelineProblem("not_json", (), f"This is not JSON: {error}"))]
    if not isinstance(params, dict):
        hint = 'write it as {"name": value}'
        return {}, [Found(str(path), PipelineProblem("wrong_type", (), "Params must be an object", hint=hint))]
    return params, []


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _typed(texts: Mapping[str, str], pipeline: Pipeline) -> tuple[dict[str, Any], list[Found]]:
    """Return the values that texts mean to the parameters they are for; a text is one to an undeclared parameter."""
    parameters = {parameter.name: parameter for parameter in pipeline.parameters}
    values: dict[str, Any] = {}
    mistyped: list[Found] = []
    for name, text in texts.items():
        kinds = of_parameter(parameters[name]) if name in parameters else _TEXT
        if kinds == _TEXT or not text:
            values[name] = text
            continue
        try:
            values[name] = json.loads(text, parse_constant=_refuse_constant)
        except (ValueError, RecursionError):
            mistyped.append(Found(f"--param {name}", _mistyped(parameters[name], text)))
    return values, mistyped


def _mistyped(parameter: Parameter, text: str) -> PipelineProblem:
    kinds = of_parameter(parameter)
    wanted, hint = shown(kinds), None
    if kinds >= _TEXT:
        wanted, hint = "JSON", f"""write a text as --param '{parameter.name}="..."'"""
    instead = "" if parameter.secret else f", not {shortened(text)!r}"
    return PipelineProblem(
        "param_type", (parameter.name,), f"Parameter '{parameter.name}' must be {wanted}{instead}", hint=hint
    )
