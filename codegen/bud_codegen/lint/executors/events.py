"""What an executor makes of events."""

import ast
from collections.abc import Iterator

from bud_codegen.lint.executors.contract import is_stub
from bud_codegen.lint.executors.meaning import Kind, Meaning, is_open, keyword, literal
from bud_codegen.lint.executors.module import FUNCTIONS, Function
from bud_codegen.lint.executors.outputs import is_good_end
from bud_codegen.lint.executors.waits import only_wakes, waits
from bud_codegen.model import Action
from bud_codegen.problem import Problem

_BRANCHES = (ast.If, ast.IfExp, ast.Match, ast.BoolOp, ast.Try, ast.Raise, ast.While, ast.For, ast.AsyncFor, ast.Assert)
_HARMLESS = frozenset(
    {
        *("get", "items", "keys", "values", "copy", "to_dict", "from_dict", "isoformat"),
        *("lower", "upper", "strip", "title", "split", "format", "startswith", "endswith"),
        *("log", "set_progress", "set_metrics", "debug", "info", "warning"),
    }
)
"""Methods of texts, mappings, records, contexts and loggers, which say nothing of how work ended."""


def event_problems(meaning: Meaning, action: Action) -> Iterator[Problem]:
    """Yield that an executor takes every event, or never a bad one, for the good end of its work."""
    method = meaning.module.method("on_event")
    if action.meta["execution_mode"] == "sync" or method is None or is_stub(method) or only_wakes(meaning):
        return
    reached = list(_reached(meaning, method))
    results = [node for node in reached if isinstance(node, ast.Call) and is_good_end(meaning, node)]
    if not results or any(_is_unknown(meaning, node) for node in reached):
        return
    place = meaning.module.place(results[0].func)
    if not any(isinstance(node, _BRANCHES) for node in reached):
        message = "whatever event comes first completes the step, be it one about progress or a failure"
        hint = "look at context.event_type and context.event_data, and return EventAction.IGNORE for other events"
        yield Problem(place, "event-not-filtered", message, hint)
    elif not any(_is_failure(node) for node in reached):
        message = "on_event completes the step, and has no case for work that failed, so that the step waits in vain"
        hint = "return EventAction.COMPLETE with StepStatus.FAILED and an error when the event says so"
        yield Problem(place, "on-event-without-failure-handling", message, hint)


def _reached(meaning: Meaning, method: Function) -> Iterator[ast.AST]:
    """Yield the nodes of a function and of those of this file that it uses."""
    left, seen = [method], {method}
    while left:
        for node in ast.walk(left.pop()):
            yield node
            function = meaning.module.function(node)
            if function is not None and function not in seen:
                seen.add(function)
                left.append(function)


def _is_unknown(meaning: Meaning, node: ast.AST) -> bool:
    """Whether something may judge events elsewhere, or in a way that cannot be followed."""
    if not isinstance(node, ast.Call):
        return False
    module, called = meaning.module, node.func
    if module.base_name(called) == "EventResult":
        return is_open(node) or not module.base_name(keyword(node, "action")).startswith("EventAction.")
    if module.base_name(called) or module.dotted(called).startswith("builtins.") or module.function(called):
        return False
    is_own = meaning.of(node) in (Kind.OUTPUTS, Kind.PARAMS)
    return not is_own and not (isinstance(called, ast.Attribute) and called.attr in _HARMLESS)


def _is_failure(node: ast.AST) -> bool:
    """Whether something has to do with failing."""
    match node:
        case ast.Raise():
            return True
        case ast.Name(id=text) | ast.Attribute(attr=text) | ast.Constant(value=str(text)) | ast.keyword(arg=str(text)):
            return any(word in text.lower() for word in ("fail", "error"))
    return isinstance(node, FUNCTIONS) and "fail" in node.name


def topic_problems(meaning: Meaning, action: Action) -> Iterator[Problem]:
    """Yield calls that start work which cannot tell anybody that it has ended."""
    module = meaning.module
    if action.meta["execution_mode"] == "sync" or not waits(meaning) or only_wakes(meaning) or _mentions_topic(meaning):
        return
    for call in module.all(ast.Call):
        match call.func:
            case ast.Attribute(value=owner, attr="invoke_service") if meaning.of(owner) is Kind.CONTEXT:
                method = keyword(call, "http_method")
                if method is None or literal(method) == "POST":
                    message = "the service is not told where to publish that its work has ended"
                    hint = 'send it context.callback.topic, mostly as data={"callback_topic": ...}'
                    yield Problem(module.place(call.func), "awaiting-without-callback", message, hint)
                    return


def _mentions_topic(meaning: Meaning) -> bool:
    module = meaning.module
    words = [node.id for node in module.all(ast.Name)] + [node.attr for node in module.all(ast.Attribute)]
    words += [text for node in module.all(ast.Constant) if (text := literal(node)) is not None]
    return any(part in word.lower() for word in words for part in ("topic", "callback", "webhook"))
