"""What an executor reads of its params."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from bud_codegen.lint.executors.meaning import Kind, Meaning, literal
from bud_codegen.names import RECORD_MEMBERS


class Read(NamedTuple):
    """One member that is read."""

    name: str
    node: ast.AST
    is_attribute: bool = False
    """Whether it is named as Python names it, rather than as the action file does."""
    is_guarded: bool = False
    """Whether the code goes on without it."""


@dataclass(frozen=True, slots=True)
class Reads:
    """All that a file reads of its params, or of what it stored."""

    members: tuple[Read, ...]
    is_whole: bool
    """Whether they are also used in a way that does not tell which of them."""


def reads_of(meaning: Meaning, *kinds: Kind) -> Reads:
    """Return what is read of all values of some kinds."""
    found: list[Read] = []
    is_whole = False
    for node, kind in meaning.occurrences(*kinds):
        reads = list(_reads(meaning, node, is_record=kind is Kind.PARAMS))
        found += [each for each in reads if each is not None]
        is_whole = is_whole or None in reads
    return Reads(tuple(found), is_whole or _may_be_others(meaning, kinds))


def _may_be_others(meaning: Meaning, kinds: tuple[Kind, ...]) -> bool:
    """Whether a name stands now for a value of some kinds, now for another."""
    names = (
        name for name in meaning.module.all(ast.Name) if isinstance(name.ctx, ast.Load) and meaning.of(name) is None
    )
    return any(kind in kinds for name in names for kind in meaning.of_bindings(name))


def _reads(meaning: Meaning, node: ast.expr, *, is_record: bool) -> Iterator[Read | None]:
    """Yield what is read of one occurrence; None for all of it, or for something that is not certain."""
    parent = meaning.module.parents[node]
    if _goes_on(meaning, node, parent):
        return
    match parent:
        case ast.Expr() | ast.Await():
            return
        case ast.Attribute(attr=name):
            yield from _of_attribute(meaning, parent, name) if is_record else _of_method(meaning, parent, name)
        case ast.Subscript(value=value, slice=key) if value is node and not is_record:
            yield _read(key)
        case ast.Compare(left=left, ops=[ast.In() | ast.NotIn()]) if not is_record:
            yield _read(left, is_guarded=True)
        case ast.Compare(ops=[ast.Is() | ast.IsNot()]):
            return
        case ast.Match(cases=cases) if is_record:
            yield from _of_cases(cases)
        case ast.Call():
            yield from _of_call(meaning, node, parent)
        case _:
            yield None


def _goes_on(meaning: Meaning, node: ast.expr, parent: ast.AST) -> bool:
    """Whether the value goes where its use is looked at on its own: a name, or a function of this file."""
    kind = meaning.of(node)
    match parent:
        case ast.NamedExpr():
            return meaning.of(parent) is kind
        case ast.Assign(targets=targets):
            return all(isinstance(target, ast.Name) and _is_known(meaning, target, kind) for target in targets)
        case ast.AnnAssign(target=ast.Name() as target):
            return _is_known(meaning, target, kind)
        case ast.Call(func=called) if node in parent.args:
            function = meaning.module.function(called)
            if function is None or any(isinstance(each, ast.Starred) for each in parent.args):
                return False
            arguments = [*function.args.posonlyargs, *function.args.args][isinstance(called, ast.Attribute) :]
            position = parent.args.index(node)
            return position < len(arguments) and meaning.of_argument(arguments[position]) is kind
        case ast.keyword(arg=str(name)):
            call = meaning.module.parents[parent]
            function = meaning.module.function(call.func) if isinstance(call, ast.Call) else None
            every = [*function.args.args, *function.args.kwonlyargs] if function else []
            return any(each.arg == name and meaning.of_argument(each) is kind for each in every)
    return False


def _is_known(meaning: Meaning, target: ast.Name, kind: Kind | None) -> bool:
    """Whether whoever reads a name gets this kind."""
    bindings = meaning.module.bindings(target)
    return len(bindings) == 1 and bindings[0].value is not None and meaning.of(bindings[0].value) is kind


def _of_attribute(meaning: Meaning, node: ast.Attribute, name: str) -> Iterator[Read | None]:
    if name.startswith("_"):
        return
    if name not in RECORD_MEMBERS:
        yield Read(name, node, is_attribute=True)
        return
    call = meaning.module.parents[node]
    if name == "is_given" and isinstance(call, ast.Call) and call.args:
        yield _read(call.args[0], is_attribute=True)
    else:
        yield None


def _of_method(meaning: Meaning, node: ast.Attribute, name: str) -> Iterator[Read | None]:
    """Yield what a method of a mapping reads."""
    call = meaning.module.parents[node]
    if name != "get" or not isinstance(call, ast.Call) or call.func is not node or not call.args:
        yield None
        return
    yield _read(call.args[0])


def _read(node: ast.expr, *, is_attribute: bool = False, is_guarded: bool = False) -> Read | None:
    """Return what an expression names; None if it is not written out."""
    name = literal(node)
    return None if name is None else Read(name, node, is_attribute, is_guarded)


def _of_cases(cases: list[ast.match_case]) -> Iterator[Read | None]:
    for case in cases:
        match case.pattern:
            case ast.MatchClass(patterns=[], kwd_attrs=names):
                yield from (Read(name, case.pattern, is_attribute=True) for name in names)
            case _:
                yield None


_GETTERS = ("builtins.getattr", "builtins.hasattr")


def _of_call(meaning: Meaning, node: ast.expr, call: ast.Call) -> Iterator[Read | None]:
    dotted = meaning.module.dotted(call.func)
    if dotted in _GETTERS and len(call.args) > 1 and call.args[0] is node:
        is_guarded = len(call.args) > 2 or dotted.endswith("hasattr")
        yield _read(call.args[1], is_attribute=True, is_guarded=is_guarded)
    elif meaning.of(call) is Kind.PARAMS:
        yield from (
            Read(each.arg, each, is_attribute=True)
            for each in call.keywords
            if each.arg is not None and not dotted.endswith(".from_dict")
        )
    else:
        yield None
