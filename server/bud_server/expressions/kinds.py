"""What kinds of values an expression can have, as far as its text tells."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from bud_server.expressions.scope import Reference

if TYPE_CHECKING:
    from bud_server.expressions.expression import Expression

Kind = frozenset[str]
"""One kind or several, of: string number integer boolean array object null; or any."""
KindOf = Callable[[Reference], Kind]
"""Tells the kind of what is referred to."""
Infer = Callable[[KindOf], Kind]

STRING: Kind = frozenset({"string"})
NUMBER: Kind = frozenset({"number"})
INTEGER: Kind = frozenset({"integer"})
BOOLEAN: Kind = frozenset({"boolean"})
ARRAY: Kind = frozenset({"array"})
OBJECT: Kind = frozenset({"object"})
NULL: Kind = frozenset({"null"})
ANY: Kind = frozenset({"any"})

_NUMERIC: Kind = NUMBER | INTEGER


def always(kind: Kind) -> Infer:
    """Return what infers the same kind whatever is referred to."""
    return lambda _kind_of: kind


def union(*kinds: Kind) -> Kind:
    """Return the kind of a value that has one of some kinds."""
    return ANY if ANY in kinds or not kinds else frozenset().union(*kinds)


def sum_kind(left: Kind, right: Kind) -> Kind:
    """Return the kind of `left + right`."""
    for kind in (INTEGER, STRING, ARRAY):
        if left == right == kind:
            return kind
    return NUMBER if left <= _NUMERIC and right <= _NUMERIC else ANY


def product_kind(left: Kind, right: Kind) -> Kind:
    """Return the kind of `left * right`."""
    return sum_kind(left, right) if left <= _NUMERIC and right <= _NUMERIC else ANY


def whole_kind(left: Kind, right: Kind) -> Kind:
    """Return the kind of what is whole for whole numbers, as `left - right` is."""
    return INTEGER if left == right == INTEGER else NUMBER


def default_kind(operand: Kind, default: Kind) -> Kind:
    """Return the kind of `operand | default(default)`."""
    return ANY if operand == ANY else union(operand - NULL, default)


def kind_of_constant(value: object) -> Kind:
    """Return the kind of a literal."""
    if value is None:
        return NULL
    for kinds, kind in ((bool, BOOLEAN), (int, INTEGER), (float, NUMBER)):
        if isinstance(value, kinds):
            return kind
    return STRING


def infer_kind(expression: "Expression", kind_of: KindOf) -> Kind:
    """Return the kinds that an expression's value can have; `any` whenever that is in doubt."""
    return expression.infer(kind_of)
