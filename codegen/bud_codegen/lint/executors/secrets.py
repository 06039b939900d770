"""Whether an executor shows secrets to those who read a log."""

import ast
from collections.abc import Iterator

from bud_codegen.lint.executors.meaning import Kind, Meaning, literal
from bud_codegen.model import Action
from bud_codegen.names import python_name
from bud_codegen.problem import Problem

_LOGGERS = frozenset(
    {"logging.getLogger", "structlog.get_logger", "structlog.getLogger", "structlog.stdlib.get_logger"}
)
_LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log"})
_PASSING = frozenset({"builtins.str", "builtins.repr", "builtins.format", "builtins.dict", "builtins.list"})
"""What a value can still be read from afterwards."""


def secret_problems(meaning: Meaning, action: Action) -> Iterator[Problem]:
    """Yield secrets that are printed or logged past the context, which would have masked them."""
    secrets = {param["name"] for param in action.meta["params"] if param["secret"]}
    for call in meaning.module.all(ast.Call) if secrets else ():
        if not _is_log(meaning, call):
            continue
        for given in (*call.args, *(each.value for each in call.keywords)):
            for node, name in _shown(meaning, given, secrets):
                message = f"the value of {name}, which is secret, ends in a log"
                hint = "leave it out; context.log(...) would mask it"
                yield Problem(meaning.module.place(node), "secret-logged", message, hint)


def _is_log(meaning: Meaning, call: ast.Call) -> bool:
    module, called = meaning.module, call.func
    dotted = module.dotted(called)
    if dotted == "builtins.print" or (dotted.startswith("logging.") and dotted.removeprefix("logging.") in _LEVELS):
        return True
    match called:
        case ast.Attribute(value=ast.Name() as owner, attr=level) if level in _LEVELS:
            made = [each.value for each in module.bindings(owner)]
            return len(made) == 1 and isinstance(made[0], ast.Call) and module.dotted(made[0].func) in _LOGGERS
    return False


def _shown(meaning: Meaning, node: ast.expr, secrets: set[str]) -> Iterator[tuple[ast.AST, str]]:
    """Yield what of an argument can be read in the log, and is secret."""
    left: list[ast.AST] = [node]
    while left:
        part = left.pop()
        name = _secret(meaning, part, secrets)
        if name is not None:
            yield part, f"`{name}`"
        elif meaning.of(part) is Kind.VALUES:
            yield part, " and ".join(f"`{each}`" for each in sorted(secrets))
        elif isinstance(part, ast.Subscript):
            left.append(part.value)
        elif _passes_on(meaning, part):
            left += ast.iter_child_nodes(part)


def _passes_on(meaning: Meaning, node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Constant(), attr="format")):
            return True
        case ast.Call(func=called):
            return meaning.module.dotted(called) in _PASSING
    return isinstance(
        node, ast.JoinedStr | ast.FormattedValue | ast.BinOp | ast.Dict | ast.List | ast.Tuple | ast.keyword
    )


def _secret(meaning: Meaning, node: ast.AST, secrets: set[str]) -> str | None:
    """Return the secret param that an expression is; None if it is none."""
    match node:
        case ast.Attribute(value=owner, attr=attribute) if meaning.of(owner) is Kind.PARAMS:
            return next((name for name in secrets if python_name(name) == attribute), None)
        case ast.Subscript(value=owner, slice=key) if meaning.of(owner) is Kind.VALUES:
            return _in(literal(key), secrets)
        case ast.Call(func=ast.Attribute(value=owner, attr="get"), args=[key, *_]) if meaning.of(owner) is Kind.VALUES:
            return _in(literal(key), secrets)
        case ast.Name(ctx=ast.Load()):
            found = meaning.module.bindings(node)
            value = found[0].value if len(found) == 1 else None
            return None if value is None or isinstance(value, ast.Name) else _secret(meaning, value, secrets)
    return None


def _in(name: str | None, secrets: set[str]) -> str | None:
    return name if name in secrets else None
