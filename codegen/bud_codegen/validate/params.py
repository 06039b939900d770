"""Checks of one param or output by itself."""

from collections.abc import Iterator, Mapping
from typing import Any

from bud_codegen.problem import Problem
from bud_codegen.validate.draft import Draft
from bud_codegen.validate.schemas import pattern_problem, schema_problems
from bud_codegen.validate.structure import describe, suggestion, unquoted_hint
from bud_schemas import ParamProblem, values

Param = Mapping[str, Any]


def check_params(draft: Draft) -> Iterator[Problem]:
    """Yield what is wrong with params, each by itself."""
    for index, param in draft.params:
        found = list(_param(draft, index, param))
        yield from found
        if not any(problem.rule in _UNUSABLE for problem in found):
            yield from _default(draft, index, param)


def _param(draft: Draft, index: int, param: Param) -> Iterator[Problem]:
    for check in _PARAM_CHECKS:
        yield from check(draft, index, param)


def is_usable(draft: Draft, index: int, param: Param) -> bool:
    """Whether values can be checked against a param."""
    return not any(problem.rule in _UNUSABLE for problem in _param(draft, index, param))


def check_outputs(draft: Draft) -> Iterator[Problem]:
    """Yield what is wrong with outputs, each by itself."""
    for index, output in draft.outputs:
        schema = output.get("schema")
        if schema is None:
            continue
        kinds = schema.get("type", "any")
        kind = kinds if isinstance(kinds, str) else next(each for each in kinds if each != "null")
        if output["type"] not in ("any", "number" if kind == "integer" else kind):
            has = f"the type {kind}" if "type" in schema else "no type"
            message = f"the schema of output `{output['name']}` has {has}, but the output is of type {output['type']}"
            hint = "give the output and its schema the same type"
            yield draft.problem("schema-not-applicable", message, hint, "outputs", index, "schema")
        yield from schema_problems(draft, schema, "outputs", index, "schema")


_UNUSABLE = frozenset(
    {
        "pattern-invalid",
        "pattern-backtracking",
        "schema-invalid",
        "schema-unsupported-keyword",
        "select-without-options",
        "validation-not-applicable",
    }
)
"""After these a value cannot be judged."""


def _options(draft: Draft, index: int, param: Param) -> Iterator[Problem]:
    takes_options = param["type"] in ("select", "multiselect")
    options = param.get("options")
    if takes_options and not options:
        message = f"{param['type']} `{param['name']}` has no options"
        yield draft.problem("select-without-options", message, "list its options", "params", index, "type")
    if options and not takes_options:
        message = f"`{param['name']}` has options, but its type is {param['type']}"
        hint = "make it a select or multiselect, or remove the options"
        yield draft.problem("options-without-select", message, hint, "params", index, "options")
    seen: dict[str, int] = {}
    for number, option in enumerate(options or ()):
        first = seen.setdefault(option["value"], number)
        if first != number:
            message = f"option `{option['value']}` of `{param['name']}` is listed twice"
            related = (draft.place("params", index, "options", first, "value"),)
            place = draft.place("params", index, "options", number, "value")
            yield Problem(place, "duplicate-option", message, "keep one of them", related)


_BOUNDS = {
    "min": ("number", "range"),
    "max": ("number", "range"),
    "integer": ("number", "range"),
    "min_length": ("string", "template", "*_ref"),
    "max_length": ("string", "template", "*_ref"),
    "pattern": ("string", "template", "*_ref"),
    "pattern_message": ("string", "template", "*_ref"),
}


def _validation(draft: Draft, index: int, param: Param) -> Iterator[Problem]:
    rules = param.get("validation") or {}
    kind = "*_ref" if param["type"].endswith("_ref") else param["type"]
    for key in rules:
        if kind not in _BOUNDS[key]:
            message = f"`{key}` does not apply to a {param['type']} param"
            fitting = [each for each, kinds in _BOUNDS.items() if kind in kinds]
            hint = f"a {param['type']} takes {', '.join(fitting)}" if fitting else f"a {param['type']} takes no bounds"
            place = draft.place("params", index, "validation", key, of_key=True)
            yield Problem(place, "validation-not-applicable", message, hint)
    for low, high in (("min", "max"), ("min_length", "max_length")):
        if low in rules and high in rules and rules[low] > rules[high]:
            message = f"{low} {rules[low]} is greater than {high} {rules[high]}"
            yield draft.problem("bounds-inverted", message, "swap them", "params", index, "validation", low)
    if "pattern" in rules:
        yield from pattern_problem(draft, rules["pattern"], "params", index, "validation", "pattern")
    if "pattern_message" in rules and "pattern" not in rules:
        place = draft.place("params", index, "validation", "pattern_message", of_key=True)
        message = f"`{param['name']}` has a pattern_message and no pattern"
        yield Problem(place, "validation-not-applicable", message, "add the pattern, or remove the message")


def _schema(draft: Draft, index: int, param: Param) -> Iterator[Problem]:
    schema = param.get("schema")
    if schema is None:
        return
    if param["type"] != "json":
        message = f"`{param['name']}` has a schema, but its type is {param['type']}"
        yield draft.problem("schema-not-applicable", message, "make it a json param", "params", index, "schema")
    yield from schema_problems(draft, schema, "params", index, "schema")


def _reference(draft: Draft, index: int, param: Param) -> Iterator[Problem]:
    kind, target = param["type"], param.get("ref_type")
    if target is None:
        return
    if not kind.endswith("_ref"):
        message = f"`{param['name']}` has a ref_type, but its type is {kind}"
        yield draft.problem("ref-type-mismatch", message, f"use type: {target}_ref", "params", index, "ref_type")
    elif kind != f"{target}_ref":
        message = f"`{param['name']}` is a {kind}, but its ref_type is {target}"
        yield draft.problem("ref-type-mismatch", message, "leave ref_type out", "params", index, "ref_type")


def _required(draft: Draft, index: int, param: Param) -> Iterator[Problem]:
    if param.get("required") and "default" in param:
        message = f"`{param['name']}` is required and has a default, so it can never be missing"
        yield draft.problem("required-with-default", message, "remove one of them", "params", index, "required")


_PARAM_CHECKS = (_options, _validation, _schema, _reference, _required)

_DEFAULT_RULES = {
    "type": "default-wrong-type",
    "integer": "default-wrong-type",
    "option": "default-not-an-option",
    "minimum": "default-out-of-bounds",
    "maximum": "default-out-of-bounds",
}


def _default(draft: Draft, index: int, param: Param) -> Iterator[Problem]:
    if "default" not in param:
        return
    pointer = ("params", index, "default")
    default = param["default"]
    if default is None:
        message = f"the default of `{param['name']}` is empty"
        yield draft.problem("default-wrong-type", message, "write a value, or remove the key", *pointer)
        return
    try:
        found = list(values.param_check(param, ParamProblem)(default))
    except (ValueError, RecursionError):  # its schema is wrong in a way that a Problem names already
        return
    for problem in found:
        where, _, said = problem.message.partition(": ")
        if where != param["name"]:
            message = f"in the default of `{param['name']}`, {where} {said}"
            yield draft.problem("default-invalid", message, None, *pointer)
            continue
        said = "does not match its pattern" if problem.code == "pattern" else said
        message = f"the default of `{param['name']}` {said}; it is {describe(default)}"
        rule = _DEFAULT_RULES.get(problem.code, "default-invalid")
        yield draft.problem(rule, message, _default_hint(draft, problem.code, param), *pointer)


def _default_hint(draft: Draft, code: str, param: Param) -> str | None:
    default = param["default"]
    if code == "option" and isinstance(default, str):
        return suggestion(default, [option["value"] for option in param["options"]])
    if (
        code == "type"
        and isinstance(default, bool | int | float)
        and param["type"] not in ("number", "boolean", "range")
    ):
        index = next(index for index, each in draft.params if each is param)
        return f'write it in quotes: "{draft.document.plain_text(("params", index, "default"))}"'
    return unquoted_hint(default, param["type"]) if code == "type" else None
