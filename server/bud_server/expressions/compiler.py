"""Turns Jinja's syntax tree into closures. A node that is not dealt with here is not in the language."""

import inspect
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from jinja2 import nodes

from bud_server.expressions import kinds
from bud_server.expressions.errors import ExpressionError, UnknownReferenceError, nearest
from bud_server.expressions.filters import FILTERS, Filter
from bud_server.expressions.kinds import Infer, Kind
from bud_server.expressions.limits import Work
from bud_server.expressions.operators import ARITHMETIC, COMPARISONS, concatenated, negative, positive
from bud_server.expressions.questions import QUESTIONS
from bud_server.expressions.scope import (
    Reference,
    Scope,
    find_member,
    find_output,
    find_param,
    find_step,
    path_text,
)

Run = Callable[[Scope, Work], Any]
"""Evaluates; raises EvaluationError."""


class Code(NamedTuple):
    """A part of an expression, compiled."""

    run: Run
    infer: Infer
    path: str = ""
    """How messages name it, if it is a reference or within one."""


_ARITHMETIC_KINDS: dict[str, Callable[[Kind, Kind], Kind]] = {
    "+": kinds.sum_kind,
    "*": kinds.product_kind,
    "-": kinds.whole_kind,
    "//": kinds.whole_kind,
    "%": kinds.whole_kind,
    "/": lambda _left, _right: kinds.NUMBER,
    "**": lambda _left, _right: kinds.NUMBER,
}
_DEFINED = ("defined", "undefined")
_STEP_IN_TEXT = re.compile(r"\bsteps\.([\w-]+)")


class Compiler:
    """Compiles the expressions of one text and notes what they refer to."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.references: list[Reference] = []

    def compile(self, node: nodes.Node, guarded: bool = False) -> Code:
        """Return the code of a node. Raises ExpressionError if it is not in the language.

        `guarded` says that what it refers to may be missing.
        """
        for kinds_of_node, method in _METHODS:
            if isinstance(node, kinds_of_node):
                return method(self, node, guarded)
        raise ExpressionError(f"{type(node).__name__} is not allowed in an expression", node.lineno)

    def _constant(self, node: nodes.Const, guarded: bool) -> Code:
        value = node.value
        return Code(lambda scope, work: value, kinds.always(kinds.kind_of_constant(value)))

    def _list(self, node: nodes.List | nodes.Tuple, guarded: bool) -> Code:
        items = [self.compile(item, guarded).run for item in node.items]

        def run(scope: Scope, work: Work) -> Any:
            made = [item(scope, work) for item in items]
            work.touch(made)
            return made

        return Code(run, kinds.always(kinds.ARRAY))

    def _object(self, node: nodes.Dict, guarded: bool) -> Code:
        members = []
        for pair in node.items:
            if not isinstance(pair.key, nodes.Const) or not isinstance(pair.key.value, str):
                raise ExpressionError('the keys of an object are texts, such as "key"', pair.key.lineno)
            members.append((pair.key.value, self.compile(pair.value, guarded).run))

        def run(scope: Scope, work: Work) -> Any:
            made = {key: member(scope, work) for key, member in members}
            work.touch(made)
            return made

        return Code(run, kinds.always(kinds.OBJECT))

    def _arithmetic(self, node: nodes.BinExpr, guarded: bool) -> Code:
        left, right = self.compile(node.left, guarded), self.compile(node.right, guarded)
        apply, kind = ARITHMETIC[node.operator], _ARITHMETIC_KINDS[node.operator]
        return Code(
            lambda scope, work: apply(work, left.run(scope, work), right.run(scope, work)),
            lambda kind_of: kind(left.infer(kind_of), right.infer(kind_of)),
        )

    def _sign(self, node: nodes.UnaryExpr, guarded: bool) -> Code:
        operand = self.compile(node.node, guarded)
        apply = negative if isinstance(node, nodes.Neg) else positive
        is_whole = kinds.whole_kind
        return Code(
            lambda scope, work: apply(operand.run(scope, work)),
            lambda kind_of: is_whole(operand.infer(kind_of), kinds.INTEGER),
        )

    def _not(self, node: nodes.Not, guarded: bool) -> Code:
        operand = self.compile(node.node, guarded).run
        return Code(lambda scope, work: not operand(scope, work), kinds.always(kinds.BOOLEAN))

    def _and(self, node: nodes.And, guarded: bool) -> Code:
        left, right = self.compile(node.left, guarded), self.compile(node.right, guarded)
        return Code(lambda scope, work: left.run(scope, work) and right.run(scope, work), _either(left, right))

    def _or(self, node: nodes.Or, guarded: bool) -> Code:
        left, right = self.compile(node.left, guarded), self.compile(node.right, guarded)
        return Code(lambda scope, work: left.run(scope, work) or right.run(scope, work), _either(left, right))

    def _choice(self, node: nodes.CondExpr, guarded: bool) -> Code:
        test, first = self.compile(node.test, guarded).run, self.compile(node.expr1, guarded)
        second = self.compile(node.expr2 if node.expr2 is not None else nodes.Const(None), guarded)
        return Code(
            lambda scope, work: first.run(scope, work) if test(scope, work) else second.run(scope, work),
            _either(first, second),
        )

    def _compare(self, node: nodes.Compare, guarded: bool) -> Code:
        first = self.compile(node.expr, guarded).run
        others = [(COMPARISONS[each.op], self.compile(each.expr, guarded).run) for each in node.ops]

        def run(scope: Scope, work: Work) -> Any:
            left = first(scope, work)
            for compare, other in others:
                right = other(scope, work)
                if not compare(work, left, right):
                    return False
                left = right
            return True

        return Code(run, kinds.always(kinds.BOOLEAN))

    def _concat(self, node: nodes.Concat, guarded: bool) -> Code:
        parts = [self.compile(part, guarded).run for part in node.nodes]
        return Code(
            lambda scope, work: concatenated(work, [part(scope, work) for part in parts]), kinds.always(kinds.STRING)
        )

    def _call(self, node: nodes.Call, guarded: bool) -> Code:
        name = node.node.attr if isinstance(node.node, nodes.Getattr) else getattr(node.node, "name", "")
        mend = (
            f"write | {name} instead" if name in _FILTER_NAMES else f"use filters: {', '.join(sorted(_FILTER_NAMES))}"
        )
        raise ExpressionError(f"calls such as {name or 'this'}() are not allowed; {mend}", node.lineno)

    def _filter(self, node: nodes.Filter, guarded: bool) -> Code:
        if node.name not in _FILTER_NAMES:
            mend = nearest(node.name, _FILTER_NAMES) or f"; there are: {', '.join(sorted(_FILTER_NAMES))}"
            raise ExpressionError(f"there is no filter {node.name}{mend}", node.lineno)
        if node.node is None:
            raise ExpressionError("a filter needs a value", node.lineno)
        if node.name == "default":
            return self._default(node, self.compile(node.node, guarded=True), guarded)
        applied = FILTERS[node.name]
        operand = self.compile(node.node, guarded).run
        arguments, named = self._arguments(node, applied.apply, guarded)
        runs, named_runs = [each.run for each in arguments], {key: each.run for key, each in named.items()}

        def run(scope: Scope, work: Work) -> Any:
            value = operand(scope, work)
            given = [each(scope, work) for each in runs]
            return applied.apply(work, value, *given, **{key: each(scope, work) for key, each in named_runs.items()})

        return Code(run, _filter_infer(node.name, applied, [*arguments, *named.values()]))

    def _default(self, node: nodes.Filter, operand: Code, guarded: bool) -> Code:
        arguments, named = self._arguments(node, _default_signature, guarded)
        given = dict(zip(("default_value", "boolean"), arguments, strict=False)) | named
        fallback, is_falsy = given.get("default_value", _EMPTY), given.get("boolean", _FALSE)

        def run(scope: Scope, work: Work) -> Any:
            try:
                value = operand.run(scope, work)
            except UnknownReferenceError:
                value = None
            is_wanted = value is None or (not value and is_falsy.run(scope, work))
            return fallback.run(scope, work) if is_wanted else value

        return Code(run, lambda kind_of: kinds.default_kind(operand.infer(kind_of), fallback.infer(kind_of)))

    def _arguments(
        self, node: nodes.Filter | nodes.Test, function: Callable[..., Any], guarded: bool
    ) -> tuple[list[Code], dict[str, Code]]:
        if node.dyn_args is not None or node.dyn_kwargs is not None:
            raise ExpressionError("* and ** are not allowed before arguments", node.lineno)
        arguments = [self.compile(each, guarded) for each in node.args]
        named = {str(each.key): self.compile(each.value, guarded) for each in node.kwargs}
        signature = inspect.signature(function)
        taken = list(signature.parameters)[(2 if isinstance(node, nodes.Filter) else 1) :]
        if len(named) < len(node.kwargs) or not _fits(arguments, named, signature, taken):
            listed = ", ".join(taken) or "no arguments"
            raise ExpressionError(f"{node.name} takes {listed}", node.lineno)
        return arguments, named

    def _test(self, node: nodes.Test, guarded: bool) -> Code:
        if node.name in _DEFINED:
            return self._is_defined(node)
        question = QUESTIONS.get(node.name)
        if question is None:
            known = [*_DEFINED, *QUESTIONS]
            mend = nearest(node.name, known) or f"; there are: {', '.join(sorted(known))}"
            raise ExpressionError(f"there is no test {node.name}{mend}", node.lineno)
        operand = self.compile(node.node, guarded).run
        arguments, named = self._arguments(node, question, guarded)
        runs = [each.run for each in [*arguments, *named.values()]]
        return Code(
            lambda scope, work: question(operand(scope, work), *[each(scope, work) for each in runs]),
            kinds.always(kinds.BOOLEAN),
        )

    def _is_defined(self, node: nodes.Test) -> Code:
        if node.args or node.kwargs or node.dyn_args is not None or node.dyn_kwargs is not None:
            raise ExpressionError(f"{node.name} takes no arguments", node.lineno)
        is_chain = isinstance(node.node, nodes.Getattr | nodes.Getitem)
        operand = (self._chain(node.node, True, is_asked=True) if is_chain else self.compile(node.node, True)).run
        is_wanted = node.name == "defined"

        def run(scope: Scope, work: Work) -> Any:
            try:
                operand(scope, work)
            except UnknownReferenceError:
                return not is_wanted
            return is_wanted

        return Code(run, kinds.always(kinds.BOOLEAN))

    def _name(self, node: nodes.Name, guarded: bool) -> Code:
        return self._chain(node, guarded)

    def _access(self, node: nodes.Getattr | nodes.Getitem, guarded: bool) -> Code:
        return self._chain(node, guarded)

    def _chain(self, node: nodes.Node, guarded: bool, *, is_asked: bool = False) -> Code:
        """Compile a name or value with all accesses after it; `is_asked` says that it is tested for being there."""
        accesses: list[nodes.Getattr | nodes.Getitem] = []
        while isinstance(node, nodes.Getattr | nodes.Getitem):
            accesses.append(node)
            node = node.node
        accesses.reverse()
        if isinstance(node, nodes.Name):
            code, taken = self._reference(node, [_literal_key(access) for access in accesses], guarded, is_asked)
        else:
            code, taken = self.compile(node, guarded), 0
        for access in accesses[taken:]:
            code = self._member(code, access, guarded)
        return code

    def _member(self, code: Code, access: nodes.Getattr | nodes.Getitem, guarded: bool) -> Code:
        inner, path = code.run, code.path
        key = _literal_key(access)
        if key is not None:
            return Code(
                lambda scope, work: find_member(inner(scope, work), key, path),
                kinds.always(kinds.ANY),
                path_text(path, key),
            )
        argument = access.arg if isinstance(access, nodes.Getitem) else nodes.Const(access.attr)
        find_key = self._key(argument, guarded)
        return Code(
            lambda scope, work: find_member(inner(scope, work), find_key(scope, work), path),
            kinds.always(kinds.ANY),
            f"{path}[...]",
        )

    def _key(self, node: nodes.Expr, guarded: bool) -> Run:
        if not isinstance(node, nodes.Slice):
            return self.compile(node, guarded).run
        ends = [None if end is None else self.compile(end, guarded).run for end in (node.start, node.stop, node.step)]
        return lambda scope, work: slice(*[None if end is None else end(scope, work) for end in ends])

    def _reference(self, node: nodes.Name, keys: Sequence[Any], guarded: bool, is_asked: bool) -> tuple[Code, int]:
        """Return the code of what a name refers to, and how many of the keys after it that takes."""
        if node.name == "params":
            return self._param(node, keys, guarded)
        if node.name == "steps":
            return self._step(node, keys, guarded, is_asked)
        self._check_hyphens(node)
        mend = nearest(node.name, ("params", "steps")) or "; there are params and steps; put a text in quotes"
        raise ExpressionError(f"unknown name {node.name}{mend}", node.lineno)

    def _check_hyphens(self, node: nodes.Name) -> None:
        """Raise ExpressionError if a name is, or stands within, an unknown step's id with a hyphen."""
        for found in _STEP_IN_TEXT.finditer(self._text):
            if found.start() <= node.lineno < found.end() and "-" in found[1]:
                raise ExpressionError(f"there is no step {found[1]}; for a difference put spaces around -", node.lineno)

    def _param(self, node: nodes.Name, keys: Sequence[Any], guarded: bool) -> tuple[Code, int]:
        name = keys[0] if keys and isinstance(keys[0], str) else None
        reference = self._note(Reference("params", None, None, name, guarded, node.lineno))
        path = reference.path
        if name is None:
            return Code(lambda scope, work: scope.params, lambda kind_of: kind_of(reference), path), 0
        found = name
        return Code(lambda scope, work: find_param(scope, found, path), lambda kind_of: kind_of(reference), path), 1

    def _step(self, node: nodes.Name, keys: Sequence[Any], guarded: bool, is_asked: bool) -> tuple[Code, int]:
        step, attribute = (*keys[:2], None, None)[:2]
        if not isinstance(step, str):
            raise ExpressionError("steps needs the id of a step, such as steps.a.outputs.x", node.lineno)
        if attribute not in ("outputs", "status"):
            self._check_hyphens(node)
            path = path_text("steps", step)
            mend = nearest(str(attribute), ("outputs", "status")) or f": write {path}.outputs or {path}.status"
            has = f"{path} has no {attribute}" if isinstance(attribute, str) else f"{path} is a whole step"
            raise ExpressionError(f"{has}{mend}", node.lineno)
        name = keys[2] if attribute == "outputs" and len(keys) > 2 and isinstance(keys[2], str) else None
        reference = self._note(Reference("steps", step, attribute, name, guarded, node.lineno))
        path = reference.path
        if name is not None:
            return Code(
                lambda scope, work: find_output(scope, step, name, path, is_asked=is_asked),
                lambda kind_of: kind_of(reference),
                path,
            ), 3
        index = 0 if attribute == "status" else 1
        return Code(lambda scope, work: find_step(scope, step)[index], lambda kind_of: kind_of(reference), path), 2

    def _note(self, reference: Reference) -> Reference:
        self.references.append(reference)
        return reference


def _literal_key(access: nodes.Getattr | nodes.Getitem) -> Any:
    """Return the text or integer that is accessed; None if only the evaluation tells."""
    if isinstance(access, nodes.Getattr):
        if access.attr.startswith("_"):
            raise ExpressionError(
                f'names after . do not start with _: for a key write ["{access.attr}"]', access.lineno
            )
        return access.attr
    key = access.arg.value if isinstance(access.arg, nodes.Const) else None
    return key if isinstance(key, str) or type(key) is int else None


def _either(first: Code, second: Code) -> Infer:
    return lambda kind_of: kinds.union(first.infer(kind_of), second.infer(kind_of))


def _fits(
    arguments: Sequence[Code], named: dict[str, Code], signature: inspect.Signature, taken: Sequence[str]
) -> bool:
    before = [None] * (len(signature.parameters) - len(taken))
    if not set(named) <= set(taken):
        return False
    try:
        signature.bind(*before, *arguments, **named)
    except TypeError:
        return False
    return True


def _filter_infer(name: str, applied: Filter, arguments: Sequence[Code]) -> Infer:
    if name not in ("int", "float") or not arguments:
        return kinds.always(applied.kind)
    return lambda kind_of: kinds.union(applied.kind, *[each.infer(kind_of) for each in arguments])


def _default_signature(work: Work, value: Any, default_value: Any = "", boolean: Any = False) -> Any:
    """Stand for default where its arguments are checked."""


_EMPTY = Code(lambda scope, work: "", kinds.always(kinds.STRING))
_FALSE = Code(lambda scope, work: False, kinds.always(kinds.BOOLEAN))
_FILTER_NAMES = frozenset({"default", *FILTERS})
_METHODS: tuple[tuple[Any, Callable[[Compiler, Any, bool], Code]], ...] = (
    (nodes.Name, Compiler._name),
    ((nodes.Getattr, nodes.Getitem), Compiler._access),
    (nodes.Const, Compiler._constant),
    ((nodes.List, nodes.Tuple), Compiler._list),
    (nodes.Dict, Compiler._object),
    ((nodes.Add, nodes.Sub, nodes.Mul, nodes.Div, nodes.FloorDiv, nodes.Mod, nodes.Pow), Compiler._arithmetic),
    ((nodes.Neg, nodes.Pos), Compiler._sign),
    (nodes.Not, Compiler._not),
    (nodes.And, Compiler._and),
    (nodes.Or, Compiler._or),
    (nodes.CondExpr, Compiler._choice),
    (nodes.Compare, Compiler._compare),
    (nodes.Concat, Compiler._concat),
    (nodes.Call, Compiler._call),
    (nodes.Filter, Compiler._filter),
    (nodes.Test, Compiler._test),
)
