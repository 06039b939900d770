"""Whether an executor gives the outputs that its action declares."""

import ast
from collections.abc import Iterator
from typing import NamedTuple

from bud_codegen.lint.executors.meaning import Kind, Meaning, is_open, keyword, literal
from bud_codegen.lint.executors.waits import waits
from bud_codegen.model import Action
from bud_codegen.names import python_name
from bud_codegen.problem import Problem
from bud_codegen.validate.structure import suggestion


class Written(NamedTuple):
    """One output that is given."""

    name: str
    node: ast.AST
    is_attribute: bool = False
    """Whether it is named as Python names it, rather than as the action file does."""


class Given(NamedTuple):
    """Outputs that are written out in one place."""

    node: ast.AST
    outputs: tuple[Written, ...]
    is_all: bool
    """Whether there are no others."""
    is_typed: bool
    """Whether they make an Outputs, which must have all."""


RESULTS = frozenset({"ActionResult", "EventResult", "Awaiting", "ActionError"})


def all_given(meaning: Meaning) -> list[Given]:
    """Return the outputs that a file writes out."""
    found = [_of_call(meaning, call) for call in meaning.module.all(ast.Call)]
    return [each for each in found if each is not None]


def outputs_written(meaning: Meaning) -> list[Written]:
    """Return the single outputs that a file gives."""
    return [output for given in all_given(meaning) for output in given.outputs]


def _of_call(meaning: Meaning, call: ast.Call) -> Given | None:
    if meaning.of(call) is Kind.OUTPUTS:
        dotted = meaning.module.dotted(call.func)
        if dotted == meaning.types[1]:
            return _of_keywords(call, is_typed=True)
        if dotted == f"{meaning.types[1]}.from_dict":
            return _of_dict(call.args[0] if call.args else None, is_typed=True)
        return _of_keywords(call, is_typed=False) if dotted.endswith(".replace") else None
    if meaning.module.base_name(call.func) in RESULTS:
        return _of_dict(outputs_of(meaning, call), is_typed=False)
    return None


def outputs_of(meaning: Meaning, call: ast.Call) -> ast.expr | None:
    """Return the outputs that a result, or an error, is made with; None if it has none."""
    named = keyword(call, "outputs")
    is_second = meaning.module.base_name(call.func) == "ActionError" and len(call.args) > 1
    return call.args[1] if named is None and is_second else named


def _of_keywords(call: ast.Call, *, is_typed: bool) -> Given:
    outputs = tuple(Written(each.arg, each, is_attribute=True) for each in call.keywords if each.arg is not None)
    is_all = len(outputs) == len(call.keywords) and not call.args
    return Given(call, outputs, is_all, is_typed)


def _of_dict(node: ast.expr | None, *, is_typed: bool) -> Given | None:
    if not isinstance(node, ast.Dict):
        return None
    names = [(literal(key), key) for key in node.keys]
    outputs = tuple(Written(name, key) for name, key in names if name is not None and key is not None)
    return Given(node, outputs, len(outputs) == len(names), is_typed)


def output_problems(meaning: Meaning, action: Action) -> Iterator[Problem]:
    """Yield outputs that an action does not have, and Outputs that lack some."""
    keys = [output["name"] for output in action.meta["outputs"]]
    if "*" in keys:
        return
    attributes = [python_name(name) for name in keys]
    yield from _untyped_problems(meaning, keys)
    for given in all_given(meaning):
        yield from _undeclared(meaning, action, given, keys, attributes)
        if given.is_typed and given.is_all:
            names = {each.name if each.is_attribute else python_name(each.name) for each in given.outputs}
            yield from _lacking(meaning, given.node, [name for name in attributes if name not in names])


def _undeclared(
    meaning: Meaning, action: Action, given: Given, keys: list[str], attributes: list[str]
) -> Iterator[Problem]:
    for output in given.outputs:
        known = attributes if output.is_attribute else keys
        if output.name not in known:
            message = f"{action.type} has no output `{output.name}`"
            hint = suggestion(output.name, known) or f"add it to the outputs of {action.source}, or leave it out"
            yield Problem(meaning.module.place(output.node), "emits-undeclared-output", message, hint)


def _lacking(meaning: Meaning, node: ast.AST, names: list[str]) -> Iterator[Problem]:
    if names:
        message = f"these outputs are missing: {', '.join(names)}"
        hint = "give every output; one that is not known is None, if the action file says that it is nullable"
        place = meaning.module.place(node.func if isinstance(node, ast.Call) else node)
        yield Problem(place, "output-missing-on-some-path", message, hint)


def _untyped_problems(meaning: Meaning, keys: list[str]) -> Iterator[Problem]:
    """Yield results that end a step well, with outputs written out as a mapping that lacks some."""
    stored = _stored(meaning)
    for call in meaning.module.all(ast.Call):
        if stored is None or not is_good_end(meaning, call):
            continue
        outputs = outputs_of(meaning, call)
        given = _of_dict(outputs, is_typed=False)
        if outputs is None or (given is not None and given.is_all):
            names = stored | {each.name for each in (given.outputs if given else ())}
            yield from _lacking(meaning, outputs or call, [name for name in keys if name not in names])


def _stored(meaning: Meaning) -> set[str] | None:
    """Return the outputs that are kept from when a step began to wait; None if that is not certain."""
    names: set[str] = set()
    for call in waits(meaning):
        outputs = outputs_of(meaning, call)
        given = _of_dict(outputs, is_typed=False)
        if is_open(call) or (outputs is not None and (given is None or not given.is_all)):
            return None
        names |= {each.name for each in (given.outputs if given else ())}
    return names


def is_good_end(meaning: Meaning, call: ast.Call) -> bool:
    """Whether a call certainly makes the result of a step that has ended well."""
    name = meaning.module.base_name(call.func)
    if is_open(call):
        return False
    if name == "ActionResult":
        success = keyword(call, "success")
        is_success = isinstance(success, ast.Constant) and success.value is True
        return is_success and keyword(call, "awaiting_event") is None
    named = [meaning.module.base_name(keyword(call, each)) for each in ("action", "status")]
    return name == "EventResult" and named == ["EventAction.COMPLETE", "StepStatus.COMPLETED"]
