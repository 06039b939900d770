"""A Python file, read once: what stands in it, what its names mean, and where. Nothing is imported."""

import ast
import builtins
import warnings
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from importlib.util import decode_source
from typing import TYPE_CHECKING, TypeVar

from bud_codegen.lint.executors.scope import BINDING, Binding, Scope, bindings_of
from bud_codegen.problem import Place, Problem

if TYPE_CHECKING:
    from bud_codegen.load import Source

Function = ast.FunctionDef | ast.AsyncFunctionDef
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_OPEN_SCOPES = frozenset(
    {*FUNCTIONS, ast.ClassDef, ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp}
)
_SIGNS = frozenset(
    sign
    for kind in (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop)
    for sign in kind.__subclasses__()
)
"""Nodes without a place, which all files share."""
_BASE = "bud_actions.base."
EXECUTORS = frozenset({"TypedExecutor", "BaseActionExecutor"})
N = TypeVar("N", bound=ast.AST)


@dataclass
class Module:
    """A file that is Python."""

    path: str
    tree: ast.Module
    lines: list[str]
    nodes: dict[type[ast.AST], list[ast.AST]] = field(repr=False)
    """All nodes by type, in the order of the file."""
    parents: dict[ast.AST, ast.AST] = field(repr=False)
    scopes: dict[ast.AST, Scope] = field(repr=False)
    """Of each node, the scope that its names are looked up in."""
    has_star_import: bool = False

    @cached_property
    def imported(self) -> frozenset[str]:
        """The full names of all that is imported, wherever in the file."""
        scopes = {id(scope): scope for scope in self.scopes.values()}
        found = (binding for scope in scopes.values() for bindings in scope.bindings.values() for binding in bindings)
        return frozenset(binding.imported for binding in found if binding.imported)

    def all(self, kind: type[N]) -> list[N]:
        """Return the nodes of one type, in the order of the file."""
        return self.nodes.get(kind, [])  # type: ignore[return-value]

    def bindings(self, name: ast.Name) -> list[Binding]:
        """Return all ways in which a name may have got its value."""
        return self.scopes[name].find(name.id)

    def dotted(self, node: ast.AST | None) -> str:
        """Return what an expression names: `time.sleep`, `builtins.print`; empty if that is not certain.

        All of bud_actions.base is named as if it stood there: `bud_actions.base.Awaiting`.
        """
        if isinstance(node, ast.Attribute):
            owner = self.dotted(node.value)
            return _canonical(f"{owner}.{node.attr}") if owner and not owner.startswith("builtins.") else ""
        if not isinstance(node, ast.Name):
            return ""
        found = self.bindings(node)
        if not found:
            return f"builtins.{node.id}" if hasattr(builtins, node.id) and not self.has_star_import else ""
        names = {each.imported for each in found}
        return _canonical(names.pop()) if len(names) == 1 else ""

    def base_name(self, node: ast.AST | None) -> str:
        """Return the name of something of bud_actions.base, such as `Awaiting`; empty for everything else."""
        dotted = self.dotted(node)
        return dotted.removeprefix(_BASE) if dotted.startswith(_BASE) else ""

    def function(self, node: ast.AST) -> Function | None:
        """Return the function of this file that an expression names: a plain name, or one on `self`."""
        if isinstance(node, ast.Name):
            found = self.bindings(node)
            definition = found[0].definition if len(found) == 1 else None
            return definition if isinstance(definition, FUNCTIONS) else None
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "self":
            owner = self.class_around(node)
            method = None if owner is None else method_of(owner, node.attr)
            return None if method is None or method.decorator_list else method
        return None

    def class_around(self, node: ast.AST) -> ast.ClassDef | None:
        """Return the innermost class that something stands in."""
        return next((each for each in self.around(node) if isinstance(each, ast.ClassDef)), None)

    def function_around(self, node: ast.AST) -> Function | ast.Lambda | None:
        """Return the innermost function that something stands in."""
        return next((each for each in self.around(node) if isinstance(each, (*FUNCTIONS, ast.Lambda))), None)

    def around(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield what something stands in, from the inside out."""
        parent = self.parents.get(node)
        while parent is not None:
            yield parent
            parent = self.parents.get(parent)

    @cached_property
    def executor(self) -> ast.ClassDef | None:
        """The class Executor, if it is defined here."""
        found = self.scopes[self.tree].bindings.get("Executor", [])
        definition = found[-1].definition if found else None
        return definition if isinstance(definition, ast.ClassDef) else None

    @cached_property
    def bases(self) -> frozenset[str]:
        """What the executor derives from, if bud_actions.base has all of it; empty if that is not certain."""
        plain = [base.value if isinstance(base, ast.Subscript) else base for base in self._base_expressions]
        names = frozenset(map(self.base_name, plain))
        return names if names <= EXECUTORS else frozenset()

    @property
    def _base_expressions(self) -> list[ast.expr]:
        return self.executor.bases if self.executor else []

    def method(self, name: str) -> Function | None:
        """Return a method that the executor defines."""
        return method_of(self.executor, name) if self.executor else None

    def place(self, node: ast.AST) -> Place:
        """Return where a node stands; of a class or a function, its name."""
        line, offset = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        text = self.lines[line - 1] if line <= len(self.lines) else ""
        start = len(text.encode()[:offset].decode())
        if isinstance(node, (*FUNCTIONS, ast.ClassDef)):
            start = max(text.find(node.name, start + len("def")), start)
            return Place(self.path, line, start + 1, len(node.name))
        if isinstance(node, ast.keyword):
            return Place(self.path, line, start + 1, len(node.arg or "**"))
        is_one_line = getattr(node, "end_lineno", line) == line
        end = len(text.encode()[: getattr(node, "end_col_offset", 0)].decode()) if is_one_line else len(text.rstrip())
        return Place(self.path, line, start + 1, max(end - start, 1))


def method_of(owner: ast.ClassDef, name: str) -> Function | None:
    """Return a method that a class defines itself; the last one, if there are several."""
    found = [each for each in owner.body if isinstance(each, FUNCTIONS) and each.name == name]
    return found[-1] if found else None


def own_nodes(function: Function | ast.Lambda) -> Iterator[ast.AST]:
    """Yield what stands in a function's body; functions and classes inside it left aside."""
    left: list[ast.AST] = list(function.body) if isinstance(function.body, list) else [function.body]
    while left:
        node = left.pop()
        yield node
        if not isinstance(node, (*FUNCTIONS, ast.Lambda, ast.ClassDef)):
            left += ast.iter_child_nodes(node)


def read(path: str, source: "Source") -> Module | Problem:
    """Read one file, or say why it cannot be read."""
    if isinstance(source, OSError):
        message = f"the file cannot be read: {source.strerror or source}"
        return Problem(Place(path), "executor-syntax", message, "make it readable, or remove it")
    try:
        text = decode_source(source) if isinstance(source, bytes) else source.replace("\r\n", "\n")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except SyntaxError as error:
        place = Place(path, max(error.lineno or 1, 1), max(error.offset or 1, 1))
        return Problem(place, "executor-syntax", f"this is not Python: {error.msg}", "correct it")
    except (ValueError, RecursionError, MemoryError) as error:
        return Problem(Place(path), "executor-syntax", f"the file cannot be read: {error}", "correct it")
    return _linked(path, tree, text.removeprefix("\ufeff").split("\n"))


def _linked(path: str, tree: ast.Module, lines: list[str]) -> Module:
    """Note in one walk which nodes there are, where each stands, and what binds which names."""
    nodes: dict[type[ast.AST], list[ast.AST]] = defaultdict(list)
    parents: dict[ast.AST, ast.AST] = {}
    scopes: dict[ast.AST, Scope] = {}
    package = path.split("/")[1:-1]
    has_star = False
    left: list[tuple[ast.AST, Scope]] = [(tree, Scope(None))]
    while left:
        node, scope = left.pop()
        kind = type(node)
        nodes[kind].append(node)
        scopes[node] = scope
        for is_outside, name, binding in bindings_of(node, parents, package) if kind in BINDING else ():
            has_star = has_star or name == "*"
            scope.bind(name, binding, is_outside=is_outside)
        inner = Scope(scope, is_class=kind is ast.ClassDef) if kind in _OPEN_SCOPES else scope
        children = [child for child in ast.iter_child_nodes(node) if type(child) not in _SIGNS]
        for child in children:
            parents[child] = node
        left += [(child, inner) for child in reversed(children)]
    return Module(path, tree, lines, nodes, parents, scopes, has_star)


def _canonical(dotted: str) -> str:
    """Leave the modules inside bud_actions.base out of a name."""
    if not dotted.startswith(_BASE):
        return dotted
    *owners, name = dotted.removeprefix(_BASE).split(".")
    return _BASE + ".".join([*(each for each in owners if not each.islower()), name])
