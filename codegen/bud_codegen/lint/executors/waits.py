"""How an executor waits: what it returns, and by what it is called again."""

import ast
from collections.abc import Iterator

from bud_codegen.lint.executors.contract import is_stub
from bud_codegen.lint.executors.meaning import Kind, Meaning, is_open, keyword
from bud_codegen.lint.executors.module import Function, own_nodes
from bud_codegen.model import Action
from bud_codegen.problem import Problem


def wait_problems(meaning: Meaning, action: Action) -> Iterator[Problem]:
    """Yield what an action's mode and its executor contradict each other in."""
    module = meaning.module
    if action.meta["execution_mode"] == "sync":
        yield from _sync_problems(meaning, action)
        return
    starts = starting_method(meaning)
    if starts is not None and _ends_at_once(meaning, starts):
        message = f"{action.type} is event-driven, and its executor never waits"
        hint = f"return Awaiting(...) from {starts.name}, or write execution_mode: sync in {action.source}"
        yield Problem(module.place(starts), "event-driven-never-waits", message, hint)
    elif module.executor is not None and module.bases and not module.method("on_event") and not module.method("poll"):
        message = f"{action.type} waits for events, and its executor has no on_event"
        hint = "define `async def on_event(self, context)`, which says what an event means"
        yield Problem(module.place(module.executor), "event-driven-without-on-event", message, hint)
    for call in waits(meaning) if module.method("poll") is None else ():
        if _waits_for_nothing(meaning, call):
            message = "no event can end this wait: nothing tells which one"
            hint = "give external_workflow_id, the id by which events will name the work"
            yield Problem(module.place(call.func), "awaiting-without-correlation-id", message, hint)


def _sync_problems(meaning: Meaning, action: Action) -> Iterator[Problem]:
    module = meaning.module
    for call in waits(meaning):
        message = f"{action.type} is sync, and its executor waits for an event"
        hint = f"write execution_mode: event_driven in {action.source}, with timeout_seconds"
        yield Problem(module.place(call.func), "awaiting-in-sync-action", message, hint)
    starts, on_event = starting_method(meaning), module.method("on_event")
    if on_event is not None and starts is not None and _ends_at_once(meaning, starts):
        message = f"{action.type} is sync, so that on_event is never called"
        hint = f"remove it, or write execution_mode: event_driven in {action.source} and return Awaiting(...)"
        yield Problem(module.place(on_event), "on-event-in-sync-action", message, hint)


def starting_method(meaning: Meaning) -> Function | None:
    """Return the method that does the work, or starts it; None if somebody else's class has it."""
    name = "run" if "TypedExecutor" in meaning.module.bases else "execute"
    return meaning.module.method(name) if meaning.module.bases else None


def waits(meaning: Meaning) -> list[ast.Call]:
    """Return the calls whose results say that a step waits."""
    return [call for call in meaning.module.all(ast.Call) if _is_wait(meaning, call)]


def _is_wait(meaning: Meaning, call: ast.Call) -> bool:
    match meaning.module.base_name(call.func), keyword(call, "awaiting_event"):
        case "Awaiting", _:
            return True
        case "ActionResult", ast.Constant(value=True):
            return True
    return False


def only_wakes(meaning: Meaning) -> bool:
    """Whether a file waits for moments only, never for what is named by an id."""
    found = waits(meaning)
    return bool(found) and all(
        not is_open(call)
        and keyword(call, "wake_at") is not None
        and _is_nothing(keyword(call, "external_workflow_id"))
        for call in found
    )


def _ends_at_once(meaning: Meaning, method: Function) -> bool:
    """Whether all that a method returns are certainly the last results."""
    returned = [node.value for node in own_nodes(method) if isinstance(node, ast.Return)]
    return bool(returned) and not is_stub(method) and all(_is_last(meaning, value) for value in returned)


def _is_last(meaning: Meaning, node: ast.expr | None) -> bool:
    if isinstance(node, ast.Call) and meaning.module.base_name(node.func) == "ActionResult":
        return keyword(node, "awaiting_event") is None and not is_open(node)
    return node is not None and meaning.of(node) is Kind.OUTPUTS


def _waits_for_nothing(meaning: Meaning, call: ast.Call) -> bool:
    given = [keyword(call, name) for name in ("external_workflow_id", "correlation_keys", "wake_at")]
    return not is_open(call) and all(map(_is_nothing, given)) and not _may_tell_token(meaning)


def _is_nothing(node: ast.expr | None) -> bool:
    match node:
        case None | ast.Constant(value=None) | ast.Tuple(elts=[]):
            return True
    return False


def _may_tell_token(meaning: Meaning) -> bool:
    """Whether the callback's token, which names the wait as well, may be told to somebody."""
    module = meaning.module
    uses = [node for node in module.all(ast.Attribute) if node.attr == "callback"]
    topics = [node for node in uses if getattr(module.parents[node], "attr", "") == "topic"]
    helpers = [name for name in meaning.gets_context if not name.startswith("bud_actions.platform.")]
    return len(uses) > len(topics) or bool(helpers)


def result_problems(meaning: Meaning) -> Iterator[Problem]:
    """Yield the ways through a method on which it returns nothing."""
    module = meaning.module
    for name in (*(("run",) if "TypedExecutor" in module.bases else ()), "execute", "on_event"):
        method = module.method(name) if module.bases else None
        if method is None or is_stub(method) or not isinstance(method, ast.AsyncFunctionDef):
            continue
        message, hint = f"{name} returns nothing here", "return a result on every path, or raise ActionError"
        for node in own_nodes(method):
            if isinstance(node, ast.Return) and _is_nothing(node.value) and not isinstance(node.value, ast.Tuple):
                yield Problem(module.place(node), "result-missing", message, hint)
        if _falls_through(method.body):
            yield Problem(module.place(method), "result-missing", f"{name} can end without a result", hint)


def _falls_through(body: list[ast.stmt]) -> bool:
    """Whether statements certainly can end without returning; some that can are not recognized."""
    match body[-1]:
        case ast.Assign() | ast.AugAssign() | ast.AnnAssign() | ast.Pass() | ast.If(orelse=[]):
            return True
        case ast.If(orelse=[ast.If()]):
            return False
        case ast.If(body=first, orelse=second):
            return _falls_through(first) or _falls_through(second)
    return False
