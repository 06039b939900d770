"""Whether a file has an executor that its action can call."""

import ast
from collections.abc import Iterator

from bud_codegen.lint.executors.meaning import ARGUMENTS, Kind, Meaning
from bud_codegen.lint.executors.module import Function, Module, method_of, own_nodes
from bud_codegen.problem import Place, Problem

_REQUIRED = {"TypedExecutor": "run", "BaseActionExecutor": "execute"}
"""By base class, the method that an executor defines."""
_WORDS = {Kind.PARAMS: "params", Kind.VALUES: "params", Kind.CONTEXT: "context", Kind.EVENT: "context"}
_TAKES = {name: ("self", *(_WORDS[kind] for kind in kinds)) for name, kinds in ARGUMENTS.items()}
_PLAIN = frozenset({"validate_params"})
"""Methods that are not async."""


def class_problems(module: Module) -> Iterator[Problem]:
    """Yield what keeps an action from making its executor, and from calling it."""
    executor = module.executor
    if executor is not None:
        yield from _method_problems(module, executor)
    elif "Executor" not in module.scopes[module.tree].bindings and not module.has_star_import:
        hint = "define one that derives from TypedExecutor"
        yield Problem(Place(module.path), "executor-class-missing", "there is no class Executor", hint)


def _method_problems(module: Module, executor: ast.ClassDef) -> Iterator[Problem]:
    for base in sorted(module.bases):
        name = _REQUIRED[base]
        if method_of(executor, name) is None and not _binds(executor, name):
            message = f"Executor has no method {name}"
            yield Problem(module.place(executor), "executor-signature", message, f"define `{_wanted(name)}`")
    for name in _TAKES:
        method = None if name == "run" and "TypedExecutor" not in module.bases else method_of(executor, name)
        if method is not None and not method.decorator_list and not _is_callable(method):
            message = f"{name} of Executor cannot be called as its action calls it"
            yield Problem(module.place(method), "executor-signature", message, f"define `{_wanted(name)}`")


def _binds(executor: ast.ClassDef, name: str) -> bool:
    """Whether a class has something by a name that is no plain method."""
    found = (node for node in ast.walk(executor) if isinstance(node, ast.Name | ast.FunctionDef | ast.AsyncFunctionDef))
    return any(getattr(node, "id", getattr(node, "name", "")) == name for node in found)


def _wanted(name: str) -> str:
    return f"{'' if name in _PLAIN else 'async '}def {name}({', '.join(_TAKES[name])})"


def _is_callable(method: Function) -> bool:
    takes, arguments = len(_TAKES[method.name]), method.args
    count = len(arguments.posonlyargs) + len(arguments.args)
    is_enough = count >= takes or arguments.vararg is not None
    needs = count - len(arguments.defaults) + sum(default is None for default in arguments.kw_defaults)
    return is_enough and needs <= takes and _is_awaited_rightly(method)


def _is_awaited_rightly(method: Function) -> bool:
    """Whether a method is async if it must be; a plain one may return what an async one does."""
    nodes = list(own_nodes(method))
    if any(isinstance(node, ast.Yield | ast.YieldFrom) for node in nodes):
        return False
    if method.name in _PLAIN or isinstance(method, ast.AsyncFunctionDef):
        return isinstance(method, ast.AsyncFunctionDef) is (method.name not in _PLAIN)
    calls = [node.value.func for node in nodes if isinstance(node, ast.Return) and isinstance(node.value, ast.Call)]
    return any(isinstance(called, ast.Attribute) for called in calls)


def stubs(module: Module) -> list[Function]:
    """Return the methods that nobody has written yet."""
    methods = map(module.method, ("run", "execute", "on_event"))
    return [method for method in methods if method is not None and is_stub(method)]


def stub_problems(module: Module) -> Iterator[Problem]:
    """Yield the methods that nobody has written yet."""
    for method in stubs(module):
        message = f"{method.name} is as `bud new` wrote it: it does nothing"
        yield Problem(module.place(method), "executor-still-stub", message, "write what it does")


def is_stub(method: Function) -> bool:
    """Whether a function does nothing but say that it does nothing."""
    body = method.body[bool(ast.get_docstring(method, clean=False)) :]
    match body:
        case [] | [ast.Pass()] | [ast.Expr(value=ast.Constant())]:
            return True
        case [ast.Raise(exc=ast.Name(id="NotImplementedError") | ast.Call(func=ast.Name(id="NotImplementedError")))]:
            return True
    return False


def type_problems(meaning: Meaning, package: str, expected: str) -> Iterator[Problem]:
    """Yield types of another action; `expected` is the module of the own ones in the generated `package`."""
    module = meaning.module
    for base in module.executor.bases if module.executor else ():
        if isinstance(base, ast.Subscript):
            for node, name in zip(_items(base.slice), ("Params", "Outputs"), strict=False):
                dotted = module.dotted(node)
                if dotted.startswith(f"{package}.") and dotted != f"{expected}.{name}":
                    message = f"the executor is made for {dotted}, which are the types of another action"
                    hint = f"use those of this one: from {expected} import {name}"
                    yield Problem(module.place(node), "executor-wrong-types", message, hint)


def _items(node: ast.expr) -> list[ast.expr]:
    return node.elts if isinstance(node, ast.Tuple) else [node]
