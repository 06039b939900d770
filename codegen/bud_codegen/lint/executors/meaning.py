"""What the values in an executor's file are: params, a context, outputs; only where that is certain."""

import ast
from collections.abc import Iterable, Iterator
from enum import Enum
from functools import cached_property
from itertools import chain

from bud_codegen.lint.executors.module import FUNCTIONS, Function, Module


class Kind(Enum):
    """What a value is."""

    PARAMS = "typed params"
    VALUES = "params by key"
    CONTEXT = "ActionContext"
    EVENT = "EventContext"
    OUTPUTS = "typed outputs"
    STORED = "outputs that the step stored when it began to wait"


ARGUMENTS: dict[str, tuple[Kind, ...]] = {
    "run": (Kind.PARAMS, Kind.CONTEXT),
    "execute": (Kind.CONTEXT,),
    "on_event": (Kind.EVENT,),
    "reconcile": (Kind.CONTEXT,),
    "poll": (Kind.CONTEXT,),
    "validate_params": (Kind.VALUES,),
    "cleanup": (Kind.CONTEXT,),
}
"""By method of an executor, what it gets after `self`."""
_BASES = {"ActionContext": Kind.CONTEXT, "EventContext": Kind.EVENT}
_REPLACE = ("dataclasses.replace", "copy.replace", "copy.copy", "copy.deepcopy")
_MEMBERS = {
    (Kind.CONTEXT, "params"): Kind.VALUES,
    (Kind.EVENT, "params"): Kind.VALUES,
    (Kind.EVENT, "step_outputs"): Kind.STORED,
}


class Meaning:
    """A module, understood as an executor."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self._open: set[ast.AST] = set()
        self._known: dict[ast.AST, Kind | None] = {}

    @cached_property
    def types(self) -> tuple[str, str]:
        """The full names of its Params and Outputs, each empty if there are none, or several."""
        executor = self.module.executor
        for base in executor.bases if executor else ():
            if isinstance(base, ast.Subscript) and isinstance(base.slice, ast.Tuple) and len(base.slice.elts) == 2:
                params, outputs = map(self.module.dotted, base.slice.elts)
                return params, outputs
        return self._imported("Params"), self._imported("Outputs")

    def _imported(self, name: str) -> str:
        bindings = (each for scope in self.module.scopes[self.module.tree].bindings.values() for each in scope)
        found = {each.imported for each in bindings if each.imported.endswith(f".{name}")}
        return found.pop() if len(found) == 1 else ""

    def of(self, node: ast.AST) -> Kind | None:
        """Return what an expression's value is; None if that is none of the kinds, or not certain."""
        if node in self._known:
            return self._known[node]
        if node in self._open:
            return None
        self._open.add(node)
        try:
            self._known[node] = found = self._of(node)
        finally:
            self._open.discard(node)
        return found

    def _of(self, node: ast.AST) -> Kind | None:
        match node:
            case ast.Name(ctx=ast.Load()):
                return _one(self.of_bindings(node))
            case ast.Attribute(value=owner, attr=name):
                kind = self.of(owner)
                return None if kind is None else _MEMBERS.get((kind, name))
            case ast.NamedExpr(value=value):
                return self.of(value)
            case ast.Await(value=ast.Call() as call):
                return self._of_call(call, is_awaited=True)
            case ast.Call():
                return self._of_call(node, is_awaited=False)
        return None

    def of_bindings(self, name: ast.Name) -> list[Kind | None]:
        """Return what each binding of a name gives it; those that depend on the name itself say nothing."""
        bindings = self.module.bindings(name)
        return [self._of_binding(each) for each in bindings if each.value is None or each.value not in self._open]

    def _of_binding(self, binding: object) -> Kind | None:
        match binding:
            case _ if (argument := getattr(binding, "argument", None)) is not None:
                return self.of_argument(argument)
            case _ if (value := getattr(binding, "value", None)) is not None:
                return self.of(value)
        return None

    def _of_call(self, call: ast.Call, *, is_awaited: bool) -> Kind | None:
        function = self.module.function(call.func)
        if function is not None:
            is_async = isinstance(function, ast.AsyncFunctionDef)
            return self.of_annotation(function.returns) if is_async is is_awaited else None
        dotted = "" if is_awaited else self.module.dotted(call.func).removesuffix(".from_dict")
        if dotted and dotted in self.types:
            return Kind.PARAMS if dotted == self.types[0] else Kind.OUTPUTS
        if (dotted in _REPLACE or dotted.endswith(".record.replace")) and call.args:
            return self.of(call.args[0])
        return None

    def of_argument(self, argument: ast.arg) -> Kind | None:
        """Return what a function gets: as annotated, as the base class says, or as all calls of it agree."""
        if argument in self._known:
            return self._known[argument]
        if argument in self._open:
            return None
        self._open.add(argument)
        found = self.of_annotation(argument.annotation) or self._of_method(argument) or self._of_calls(argument)
        self._open.discard(argument)
        self._known[argument] = found
        return found

    def of_annotation(self, node: ast.AST | None) -> Kind | None:
        """Return the kind that an annotation names; None beside it is left aside."""
        match node:
            case ast.Constant(value=str(text)):
                return self._of_quoted(text, node)
            case ast.BinOp(left=left, op=ast.BitOr(), right=right):
                members = [each for each in (left, right) if not _is_none(each)]
                return _one(map(self.of_annotation, members))
            case ast.Name() | ast.Attribute():
                dotted = self.module.dotted(node)
                if dotted and dotted in self.types:
                    return Kind.PARAMS if dotted == self.types[0] else Kind.OUTPUTS
                return _BASES.get(self.module.base_name(node))
        return None

    def _of_quoted(self, text: str, node: ast.AST) -> Kind | None:
        """Return the kind that a quoted annotation names, if it is one plain name."""
        name = ast.Name(text.strip(), ast.Load())
        if not name.id.isidentifier():
            return None
        self.module.scopes[name] = self.module.scopes[node]
        return self.of_annotation(name)

    def _of_method(self, argument: ast.arg) -> Kind | None:
        function = self.module.function_around(argument)
        if not isinstance(function, FUNCTIONS) or self.module.method(function.name) is not function:
            return None
        if function.name == "run" and not ("TypedExecutor" in self.module.bases and self.types[0]):
            return None
        position = _position(function, argument)
        takes = ARGUMENTS.get(function.name, ())
        return takes[position - 1] if 0 < position <= len(takes) else None

    def _of_calls(self, argument: ast.arg) -> Kind | None:
        function = self.module.function_around(argument)
        if not isinstance(function, FUNCTIONS):
            return None
        calls = self.calls.get(function, [])
        given = [_given(call, function, argument) for call in calls]
        if not given or None in given:
            return None
        return _one(self.of(each) for each in given if each is not None)

    @cached_property
    def calls(self) -> dict[Function, list[ast.Call]]:
        """The calls of functions of this file; none of a function that is also used otherwise."""
        found: dict[Function, list[ast.Call]] = {}
        escaped: set[Function] = set()
        for node in chain(self.module.all(ast.Name), self.module.all(ast.Attribute)):
            function = self.module.function(node)
            if function is None:
                continue
            parent = self.module.parents.get(node)
            if isinstance(parent, ast.Call) and parent.func is node:
                found.setdefault(function, []).append(parent)
            else:
                escaped.add(function)
        return {function: calls for function, calls in found.items() if function not in escaped}

    def text(self, node: ast.AST | None) -> str | None:
        """Return a text that is written out, here or where the only value of a name is; None for anything else."""
        if isinstance(node, ast.Name):
            found = self.module.bindings(node)
            return literal(found[0].value) if len(found) == 1 else None
        return literal(node)

    @cached_property
    def gets_context(self) -> frozenset[str]:
        """The full names of functions elsewhere that are given a context; with an empty one, if one is not known."""
        found = set()
        for node, _ in self.occurrences(Kind.CONTEXT, Kind.EVENT):
            parent = self.module.parents[node]
            if isinstance(parent, ast.keyword):
                parent = self.module.parents[parent]
            if isinstance(parent, ast.Call) and parent.func is not node:
                function = self.module.function(parent.func)
                found |= {self.module.dotted(parent.func)} if function is None else set()
            elif not isinstance(parent, ast.Attribute):
                found.add("")
        return frozenset(found)

    def occurrences(self, *kinds: Kind) -> Iterator[tuple[ast.expr, Kind]]:
        """Yield the expressions that are of some kinds, in no special order."""
        nodes: Iterable[ast.expr] = chain(
            *map(self.module.all, (ast.Name, ast.Attribute, ast.Call, ast.Await, ast.NamedExpr))
        )
        for node in nodes:
            kind = self.of(node)
            if kind in kinds:
                yield node, kind


def _position(function: Function, argument: ast.arg) -> int:
    arguments = [*function.args.posonlyargs, *function.args.args]
    return arguments.index(argument) if argument in arguments else -1


def _given(call: ast.Call, function: Function, argument: ast.arg) -> ast.expr | None:
    """Return what a call gives for an argument; None if that is not certain."""
    if is_open(call):
        return None
    named = keyword(call, argument.arg)
    position = _position(function, argument) - isinstance(call.func, ast.Attribute)
    return call.args[position] if named is None and 0 <= position < len(call.args) else named


def _one(kinds: Iterable[Kind | None]) -> Kind | None:
    """Return what all kinds are; None if they differ."""
    found = set(kinds)
    return found.pop() if len(found) == 1 else None


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """Return what a call gives by name; None if it does not."""
    return next((each.value for each in call.keywords if each.arg == name), None)


def is_open(call: ast.Call) -> bool:
    """Whether a call may give more than is written out."""
    return any(each.arg is None for each in call.keywords) or any(isinstance(each, ast.Starred) for each in call.args)


def literal(node: ast.AST | None) -> str | None:
    """Return a text that is written out; None for anything else."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None
