"""What gives names their values."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True, slots=True)
class Binding:
    """One way in which a name gets its value; what is none of these is not known."""

    value: ast.expr | None = None
    """The expression that is assigned."""
    argument: ast.arg | None = None
    definition: Definition | None = None
    imported: str = ""
    """The full name of what is imported."""


UNKNOWN = Binding()


class Scope:
    """The names of a module, a class, a function or a comprehension."""

    def __init__(self, outer: Optional["Scope"], *, is_class: bool = False) -> None:
        self.outer = outer
        self.is_class = is_class
        self.bindings: dict[str, list[Binding]] = {}

    def bind(self, name: str, binding: Binding, *, is_outside: bool = False) -> None:
        """Note that a name gets a value here; or, `is_outside`, somewhere further out."""
        self.bindings.setdefault(name, []).append(binding)
        if is_outside and self.outer is not None:
            self.outer.bind(name, binding, is_outside=True)

    def find(self, name: str) -> list[Binding]:
        """Return all bindings of a name as seen from here; none of a builtin."""
        scope: Scope | None = self
        while scope is not None:
            if name in scope.bindings and (scope is self or not scope.is_class):
                return scope.bindings[name]
            scope = scope.outer
        return []


Bound = tuple[bool, str, Binding]
"""Whether it is bound further out as well, the name, and what it is bound to."""

BINDING = frozenset(
    {
        *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.arg, ast.Name, ast.Import, ast.ImportFrom),
        *(ast.Global, ast.Nonlocal, ast.ExceptHandler, ast.MatchAs, ast.MatchStar, ast.MatchMapping),
    }
)
"""Nodes that can bind names."""


def bindings_of(node: ast.AST, parents: Mapping[ast.AST, ast.AST], package: Sequence[str]) -> Iterator[Bound]:
    """Yield the names that a node binds; `package` are the parts of the name of the package it stands in."""
    match node:
        case ast.Name(ctx=ast.Load()):
            return
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield False, node.name, Binding(definition=node)
        case ast.arg():
            yield False, node.arg, Binding(argument=node)
        case ast.Name(ctx=ast.Store()):
            parent = parents[node]
            yield isinstance(parent, ast.NamedExpr), node.id, _assigned(node, parent, parents)
        case ast.Name(ctx=ast.Del()):
            yield False, node.id, UNKNOWN
        case ast.Global() | ast.Nonlocal():
            yield from ((True, name, UNKNOWN) for name in node.names)
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield False, name, UNKNOWN
        case ast.MatchMapping(rest=str(name)):
            yield False, name, UNKNOWN
        case ast.Import():
            yield from (_import(alias) for alias in node.names)
        case ast.ImportFrom():
            module = _module(node, package)
            yield from (
                (False, alias.asname or alias.name, Binding(imported=f"{module}.{alias.name}")) for alias in node.names
            )


def _assigned(name: ast.Name, parent: ast.AST, parents: Mapping[ast.AST, ast.AST]) -> Binding:
    """Return what an assignment gives a name; pairs of tuples are taken apart."""
    match parent:
        case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value) | ast.NamedExpr(value=value):
            return Binding(value=value)
        case ast.Tuple(elts=names):
            match parents[parent]:
                case ast.Assign(value=ast.Tuple(elts=values)) if len(values) == len(names) and not any(
                    isinstance(each, ast.Starred) for each in (*names, *values)
                ):
                    return Binding(value=values[names.index(name)])
    return UNKNOWN


def _import(alias: ast.alias) -> Bound:
    if alias.asname:
        return False, alias.asname, Binding(imported=alias.name)
    first = alias.name.partition(".")[0]
    return False, first, Binding(imported=first)


def _module(node: ast.ImportFrom, package: Sequence[str]) -> str:
    """Return the full name of the module that is imported from."""
    if not node.level:
        return node.module or ""
    parts = package[: len(package) - node.level + 1]
    return ".".join([*parts, *([node.module] if node.module else [])])
