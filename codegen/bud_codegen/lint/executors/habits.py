"""What harms other steps, or hides what went wrong, in any executor."""

import ast
from collections.abc import Iterator

from bud_codegen.lint.executors.meaning import Kind, Meaning
from bud_codegen.lint.executors.module import Module
from bud_codegen.problem import Problem

_BLOCKING = frozenset(
    {
        "time.sleep",
        "os.system",
        "subprocess.run",
        "subprocess.call",
        "subprocess.check_call",
        "subprocess.check_output",
        "subprocess.getoutput",
    }
)
_CLIENTS = ("httpx", "httpx2", "requests", "aiohttp", "urllib3", "urllib.request", "http.client")
"""Modules by which addresses are asked without asking whether they may be."""
_ALL_ERRORS = ("builtins.Exception", "builtins.BaseException")
_CANCELLATIONS = {"builtins.BaseException", "asyncio.CancelledError"}


def habit_problems(meaning: Meaning) -> Iterator[Problem]:
    """Yield what a file does that no executor should."""
    module = meaning.module
    yield from _blocking_problems(module)
    yield from _client_problems(module)
    for handler in module.all(ast.ExceptHandler):
        yield from _handler_problems(module, handler)
    for call in module.all(ast.Call):
        if module.dotted(call.func) == "contextlib.suppress" and set(map(module.dotted, call.args)) & set(_ALL_ERRORS):
            yield _swallowed(module, call)
    yield from _state_problems(meaning)


def _blocking_problems(module: Module) -> Iterator[Problem]:
    if not module.bases or _is_isolated(module):
        return
    for call in module.all(ast.Call):
        name = module.dotted(call.func)
        if name in _BLOCKING and isinstance(module.function_around(call), ast.AsyncFunctionDef):
            message = f"{name} stops all steps of the worker until it is done"
            hint = 'await something that does not block, or set isolation = "thread" in the class'
            hint = "await asyncio.sleep(...)" if name == "time.sleep" else hint
            yield Problem(module.place(call), "blocking-call-in-async", message, hint)


def _is_isolated(module: Module) -> bool:
    """Whether an executor runs in a thread or a process of its own."""
    names = [node for node in module.all(ast.Name) if node.id == "isolation" and isinstance(node.ctx, ast.Store)]
    return any(module.class_around(node) is module.executor for node in names)


def _client_problems(module: Module) -> Iterator[Problem]:
    imports: list[ast.Import | ast.ImportFrom] = [*module.all(ast.Import), *module.all(ast.ImportFrom)]
    for node in imports:
        client = None if _is_for_types(module, node) else _client(node)
        if client is not None:
            message = f"{client} reaches addresses that pipelines may not reach"
            hint = "use `await context.request(...)`, or `await context.invoke_service(...)` for a service"
            yield Problem(module.place(node), "network-past-context", message, hint)


def _client(node: ast.Import | ast.ImportFrom) -> str | None:
    """Return which client an import is about; None if it is about none."""
    if isinstance(node, ast.ImportFrom) and node.level:
        return None
    origin = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
    names = [f"{origin}{alias.name}." for alias in node.names]
    return next((client for client in _CLIENTS for name in names if name.startswith(f"{client}.")), None)


def _is_for_types(module: Module, node: ast.AST) -> bool:
    tests = [module.dotted(each.test) for each in module.around(node) if isinstance(each, ast.If)]
    return "typing.TYPE_CHECKING" in tests


def _handler_problems(module: Module, handler: ast.ExceptHandler) -> Iterator[Problem]:
    names = _caught(module, handler)
    if names & _CANCELLATIONS and _hides_cancellation(module, handler):
        message = "this catches the cancellation of the step too, which then goes on"
        hint = "catch Exception at most, or raise again"
        yield Problem(module.place(handler), "cancellation-caught", message, hint)
    elif names & set(_ALL_ERRORS) and all(isinstance(node, ast.Pass) or _is_constant(node) for node in handler.body):
        yield _swallowed(module, handler)


def _caught(module: Module, handler: ast.ExceptHandler) -> set[str]:
    """Return the names of what a handler catches."""
    if handler.type is None:
        return {"builtins.BaseException"}
    listed = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return set(map(module.dotted, listed))


def _is_constant(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _swallowed(module: Module, node: ast.AST) -> Problem:
    message = "whatever goes wrong here is forgotten, and the step goes on as if nothing had happened"
    hint = "catch what you expect, or raise ActionError with a sentence for a person"
    return Problem(module.place(node), "exception-swallowed", message, hint)


def _hides_cancellation(module: Module, handler: ast.ExceptHandler) -> bool:
    tried = module.parents[handler]
    is_async = isinstance(module.function_around(handler), ast.AsyncFunctionDef)
    awaits = isinstance(tried, ast.Try) and any(
        isinstance(node, ast.Await) for each in tried.body for node in ast.walk(each)
    )
    raises = any(isinstance(node, ast.Raise) for each in handler.body for node in ast.walk(each))
    is_plain = not raises and not _keeps_error(module, handler)
    return is_async and awaits and is_plain and not _awaits_what_it_cancelled(module, handler)


def _awaits_what_it_cancelled(module: Module, handler: ast.ExceptHandler) -> bool:
    """Whether a cancellation may be that of a task which the function itself has cancelled."""
    around = module.function_around(handler)
    calls = (node.func for node in ast.walk(around) if isinstance(node, ast.Call)) if around else ()
    return any(isinstance(called, ast.Attribute) and called.attr == "cancel" for called in calls)


def _keeps_error(module: Module, handler: ast.ExceptHandler) -> bool:
    """Whether an error may be raised later, since somebody gets it."""
    names = [node for each in handler.body for node in ast.walk(each) if isinstance(node, ast.Name)]
    parents = [module.parents[node] for node in names if node.id == handler.name]
    return any(not isinstance(each, ast.FormattedValue) and not _is_text(module, each) for each in parents)


def _is_text(module: Module, node: ast.AST) -> bool:
    """Whether a call only makes a text of something."""
    return isinstance(node, ast.Call) and module.dotted(node.func) in ("builtins.str", "builtins.repr")


def _state_problems(meaning: Meaning) -> Iterator[Problem]:
    """Yield where something of one step is kept for all."""
    module = meaning.module
    for target in module.all(ast.Attribute):
        value = getattr(module.parents[target], "value", None) if isinstance(target.ctx, ast.Store) else None
        is_own = _is_self(target.value) and module.class_around(target) is module.executor
        if is_own and isinstance(value, ast.expr) and _is_of_step(meaning, value):
            message = f"self.{target.attr} is shared by all steps, and this is of one of them"
            hint = "pass it on as an argument; what on_event needs comes back in context.step_outputs"
            yield Problem(module.place(target), "state-on-self", message, hint)


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "self"


_OF_STEP = (Kind.PARAMS, Kind.VALUES, Kind.CONTEXT, Kind.EVENT, Kind.OUTPUTS)


def _is_of_step(meaning: Meaning, node: ast.expr) -> bool:
    """Whether a value is made of what belongs to one step; names are followed once."""
    named = [each for each in ast.walk(node) if isinstance(each, ast.Name)]
    values = [binding.value for each in named for binding in meaning.module.bindings(each) if binding.value is not None]
    parts = [*named, *(part for value in values for part in ast.walk(value) if isinstance(part, ast.Name))]
    return any(meaning.of(part) in _OF_STEP for part in parts)
