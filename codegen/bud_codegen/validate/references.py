"""Checks of what names something else: conditions, rules, replacements."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from bud_codegen.problem import Problem
from bud_codegen.validate.draft import Draft
from bud_codegen.validate.params import is_usable
from bud_codegen.validate.schemas import pattern_problem
from bud_codegen.validate.structure import describe, suggestion, unquoted_hint
from bud_schemas import ParamProblem, values


def check_references(draft: Draft) -> Iterator[Problem]:
    """Yield what is wrong with conditions and rules."""
    for index, param in draft.params:
        if "show_when" in param:
            yield from _condition(draft, param["show_when"], "params", index, "show_when")
    yield from _cycles(draft)
    for index, rule in draft.rules:
        yield from _rule(draft, index, rule)
    for key in ("params", "outputs"):
        yield from _replacements(draft, key)


def _unknown(draft: Draft, name: str, *pointer: str | int) -> Iterator[Problem]:
    if name not in draft.param_names:
        known = sorted(draft.param_names)
        hint = suggestion(name, known) or f"params here: {', '.join(known) or 'none'}"
        yield draft.problem("unknown-param", f"there is no param `{name}`", hint, *pointer)


def _condition(draft: Draft, condition: Mapping[str, Any], *pointer: str | int) -> Iterator[Problem]:
    name = condition["param"]
    yield from _unknown(draft, name, *pointer, "param")
    index, param = next(((index, param) for index, param in draft.params if param["name"] == name), (0, None))
    if param is None or not is_usable(draft, index, param):
        return
    for key in ("equals", "not_equals"):
        if key in condition and any(True for _ in values.param_check(param, ParamProblem)(condition[key])):
            message = f"`{name}` ({param['type']}) can never be {describe(condition[key])}"
            listed = [option["value"] for option in param.get("options") or ()]
            hint = f"it is one of: {', '.join(listed)}" if listed else unquoted_hint(condition[key], param["type"])
            yield draft.problem("condition-impossible", message, hint, *pointer, key)


def _cycles(draft: Draft) -> Iterator[Problem]:
    waits_for = {param["name"]: param["show_when"]["param"] for _, param in draft.params if "show_when" in param}
    reported: set[str] = set()
    for index, param in draft.params:
        path = [param["name"]]
        while (name := waits_for.get(path[-1])) is not None and name not in path:
            path.append(name)
        if name is not None and name == path[0] and name not in reported:
            reported.update(path)
            message = f"params wait for each other to be shown: {' -> '.join([*path, name])}"
            yield draft.problem(
                "show-when-cycle", message, "remove one show_when", "params", index, "show_when", "param"
            )


_FEWEST = {"exactly_one_of": 2, "at_least_one_of": 2, "ordered": 2}


def _rule(draft: Draft, index: int, rule: Mapping[str, Any]) -> Iterator[Problem]:
    kind, names = rule["kind"], rule["params"]
    for number, name in enumerate(names):
        yield from _unknown(draft, name, "rules", index, "params", number)
    for number, condition in enumerate(rule.get("when", ())):
        yield from _condition(draft, condition, "rules", index, "when", number)
    if len(names) < _FEWEST.get(kind, 1):
        hint = "list the other params that it is about"
        yield draft.problem("rule-incomplete", f"{kind} needs at least two params", hint, "rules", index, "params")
    if kind == "matches" and "pattern" not in rule:
        yield draft.problem("rule-incomplete", "matches needs a pattern", "add pattern: ...", "rules", index, "kind")
    if kind != "matches" and "pattern" in rule:
        yield draft.problem("rule-incomplete", f"{kind} takes no pattern", "remove it", "rules", index, "pattern")
    if "pattern" in rule:
        yield from pattern_problem(draft, rule["pattern"], "rules", index, "pattern")
    yield from _rule_types(draft, index, rule)


def _rule_types(draft: Draft, index: int, rule: Mapping[str, Any]) -> Iterator[Problem]:
    types = {param["name"]: param["type"] for _, param in draft.params}
    for number, name in enumerate(rule["params"]):
        kind = types.get(name)
        if rule["kind"] == "ordered" and kind not in (None, "number"):
            message = f"ordered compares numbers, and `{name}` is a {kind}"
            yield draft.problem("rule-incomplete", message, None, "rules", index, "params", number)
        if rule["kind"] == "matches" and kind in ("number", "boolean", "multiselect", "json", "branches", "range"):
            message = f"matches looks at texts, and `{name}` is a {kind}"
            yield draft.problem("rule-incomplete", message, None, "rules", index, "params", number)


def day_problems(draft: Draft, deprecated: Mapping[str, Any], *pointer: str | int) -> Iterator[Problem]:
    """Yield the problems of a deprecation's days that no calendar has."""
    for key in ("date", "sunset"):
        try:
            date.fromisoformat(deprecated.get(key, "2000-01-01"))
        except ValueError:
            message = f"there is no day {deprecated[key]}"
            yield draft.problem("invalid-value", message, "write a date as YYYY-MM-DD", *pointer, key)


def _replacements(draft: Draft, key: str) -> Iterator[Problem]:
    items = draft.params if key == "params" else draft.outputs
    names = [item["name"] for _, item in items]
    for index, item in items:
        deprecated = item.get("deprecated") or {}
        yield from day_problems(draft, deprecated, key, index, "deprecated")
        replacement = deprecated.get("replacement")
        if replacement is not None and replacement not in names:
            message = f"there is no {key[:-1]} `{replacement}` to replace `{item['name']}`"
            hint = suggestion(replacement, names) or "correct the name, or leave replacement out"
            yield draft.problem("unknown-replacement", message, hint, key, index, "deprecated", "replacement")
