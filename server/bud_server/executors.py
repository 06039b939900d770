"""What is wrong with an executor's file, told without importing it."""

import ast
from pathlib import Path

METHODS = {
    "TypedExecutor": ("run", ["self", "params", "context"]),
    "BaseActionExecutor": ("execute", ["self", "context"]),
}
"""By base class, the method that an executor defines, and what it takes."""


def executor_problems(path: Path, shown: str) -> list[str]:
    """Return what is wrong with a Python file below the actions, which is called `shown`; one that is gone is right."""
    try:
        tree = ast.parse(path.read_bytes())
    except FileNotFoundError:
        return []
    except SyntaxError as error:
        return [_problem(shown, error.lineno or 1, error.offset or 1, f"this is not Python: {error.msg}")]
    except (OSError, ValueError) as error:
        return [_problem(shown, 1, 1, f"the file cannot be read: {error}")]
    return _class_problems(tree, shown) if path.with_suffix(".yaml").is_file() else []


def _class_problems(tree: ast.Module, shown: str) -> list[str]:
    found = next((node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == "Executor"), None)
    if found is not None:
        return [_problem(shown, found.lineno, found.col_offset + 1, said) for said in _method_problems(found)]
    if "Executor" in _bound(tree):
        return []
    return [_problem(shown, 1, 1, "there is no class Executor; define one that derives from TypedExecutor")]


def _bound(tree: ast.Module) -> set[str]:
    """Return the names that a module imports or assigns."""
    names = {
        alias.asname or alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    targets = [target for node in tree.body if isinstance(node, ast.Assign) for target in node.targets]
    return names | {target.id for target in targets if isinstance(target, ast.Name)}


def _method_problems(found: ast.ClassDef) -> list[str]:
    bases = [base.value if isinstance(base, ast.Subscript) else base for base in found.bases]
    known = [METHODS[base.id] for base in bases if isinstance(base, ast.Name) and base.id in METHODS]
    return [said for name, takes in known if (said := _method_problem(found, name, takes)) is not None]


def _method_problem(found: ast.ClassDef, name: str, takes: list[str]) -> str | None:
    wanted = f"`async def {name}({', '.join(takes)})`"
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    method = next((node for node in found.body if isinstance(node, functions) and node.name == name), None)
    if method is None:
        return f"Executor has no method {name}; define {wanted}"
    arguments = method.args
    count = len(arguments.posonlyargs) + len(arguments.args)
    is_callable = count - len(arguments.defaults) <= len(takes) and (
        count >= len(takes) or arguments.vararg is not None
    )
    if isinstance(method, ast.AsyncFunctionDef) and is_callable:
        return None
    return f"{name} of Executor cannot be called as its action calls it; define {wanted}"


def _problem(shown: str, line: int, column: int, said: str) -> str:
    return f"{shown}:{line}:{column}: error: {said}"
