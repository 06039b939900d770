"""Whether every action has an executor, and every executor an action."""

import ast
from collections.abc import Collection, Iterator, Mapping

from bud_codegen.lint.executors.meaning import Meaning
from bud_codegen.lint.executors.module import Module
from bud_codegen.model import Action
from bud_codegen.problem import Place, Problem
from bud_codegen.validate.structure import suggestion


def missing_problems(path: str, action: Action) -> Iterator[Problem]:
    """Yield that an action has no executor at `path`."""
    message = f"{action.type} has no executor"
    yield Problem(Place(path), "executor-missing", message, "write its first version with: bud generate")


def orphan_problems(
    actions: Mapping[str, Action], files: Mapping[str, Meaning], left_aside: Collection[str]
) -> Iterator[Problem]:
    """Yield executors whose action is not there; `actions` are by the path of their executor."""
    missing = [path for path in actions if path not in files]
    imported = {name for meaning in files.values() for name in meaning.module.imported}
    for path, meaning in files.items():
        module = meaning.module
        executor = module.executor
        is_known = path in actions or path in left_aside or f"{_name(path)}.Executor" in imported
        if is_known or executor is None or _is_base(module) or _registers(module):
            continue
        wanted = f"{path.removesuffix('.py')}.yaml"
        message = f"this executor belongs to no action: there is no {wanted}"
        near = suggestion(path, missing)
        hint = f"{near} Rename it then" if near else f"write {wanted}, or delete the executor"
        yield Problem(module.place(executor), "executor-orphaned", message, hint)


def _name(path: str) -> str:
    """Return the full name of the module at a path."""
    return path.removesuffix(".py").removesuffix("/__init__").partition("/")[2].replace("/", ".")


def _is_base(module: Module) -> bool:
    """Whether other classes of the file derive from its class Executor."""
    names = (base for each in module.all(ast.ClassDef) for base in each.bases)
    return any(isinstance(base, ast.Name) and base.id == "Executor" for base in names)


def _registers(module: Module) -> bool:
    """Whether a file declares actions itself, as classes."""
    return any(
        module.base_name(each) == "register_action" for node in module.all(ast.ClassDef) for each in _called(node)
    )


def _called(node: ast.ClassDef) -> list[ast.expr]:
    return [each.func if isinstance(each, ast.Call) else each for each in node.decorator_list]
