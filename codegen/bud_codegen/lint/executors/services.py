"""Which services an executor calls, and which its action says that it needs."""

import ast
import sys
from collections.abc import Iterator

from bud_codegen.lint.executors.contract import stubs
from bud_codegen.lint.executors.meaning import Kind, Meaning, keyword
from bud_codegen.model import Action
from bud_codegen.problem import Problem

_ASKS = "bud_actions.platform.calls.ask_"
"""What the names of the functions begin with that call one service each."""
_CALL_NOTHING = ("bud_actions.base.", "bud_schemas.", "structlog.")


def service_problems(meaning: Meaning, action: Action, package: str) -> Iterator[Problem]:
    """Yield services that are called and not declared, or the other way round; `package` is the generated one."""
    module = meaning.module
    called = list(_called(meaning))
    declared = action.meta["required_services"]
    for name, node in called:
        if name is not None and name not in declared:
            message = f"{action.type} calls {name}, which it does not declare"
            hint = f"add {name} to the required_services of {action.source}"
            yield Problem(module.place(node), "service-not-declared", message, hint)
    names = {name for name, _ in called}
    if module.executor is None or None in names or stubs(module) or _may_call_more(meaning, package):
        return
    for name in declared:
        if name not in names:
            message = f"{action.type} declares {name}, which its executor does not call"
            hint = f"remove it from the required_services of {action.source}"
            yield Problem(module.place(module.executor), "service-unused", message, hint)


def _called(meaning: Meaning) -> Iterator[tuple[str | None, ast.AST]]:
    """Yield each service that is called, None where that is not written out, and where."""
    module = meaning.module
    for call in module.all(ast.Call):
        match call.func:
            case ast.Attribute(value=owner, attr="invoke_service") if meaning.of(owner) in (Kind.CONTEXT, Kind.EVENT):
                given = call.args[0] if call.args else keyword(call, "app_id")
                yield meaning.text(given), given or call.func
    for name in module.all(ast.Name):
        dotted = module.dotted(name) if isinstance(name.ctx, ast.Load) else ""
        if dotted.startswith(_ASKS):
            yield dotted.removeprefix(_ASKS), name


def _may_call_more(meaning: Meaning, package: str) -> bool:
    """Whether a service may be called in a way that cannot be seen, as by somebody else's function."""
    module = meaning.module
    known = (*_CALL_NOTHING, f"{package}.")
    helpers = [each for each in module.imported if not each.startswith(known)]
    is_strange = any(each.partition(".")[0] not in sys.stdlib_module_names for each in helpers)
    names = {node.attr for node in module.all(ast.Attribute)}
    hidden = [node for node in module.all(ast.Attribute) if node.attr == "invoke_service"]
    seen = [node for node in hidden if meaning.of(node.value) in (Kind.CONTEXT, Kind.EVENT)]
    return (
        is_strange
        or module.has_star_import
        or "publish" in names
        or len(hidden) > len(seen)
        or "" in meaning.gets_context
    )
