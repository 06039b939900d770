"""First versions of the files that a person owns: executors, their tests and new action files."""

from bud_codegen.model import Action, Catalog
from bud_codegen.templates import template


def scaffolds(catalog: Catalog) -> dict[str, bytes]:
    """Return {path: first version} of every action's executor and test.

    It depends only on the action's type, place, mode, category and examples, never on its params.
    """
    contents: dict[str, bytes] = {}
    for action in catalog.versions:
        contents[executor_path(action)] = _executor(catalog, action).encode()
        contents[f"tests/actions/test_{_name(action)}.py"] = _test(catalog, action).encode()
    return contents


def executor_path(action: Action) -> str:
    """Return where an action's executor stands: beside its action file."""
    return f"{action.source.rpartition('/')[0]}/{action.stem}.py"


def _name(action: Action) -> str:
    """Return an action's type, or `type_v1` of an older version."""
    return action.type if action.is_newest else f"{action.type}_v{action.major}"


def _executor(catalog: Catalog, action: Action) -> str:
    return template("scaffold/executor.py.j2").render(
        docstring=f"Executor of {action.reference}.",
        is_event_driven=action.meta["execution_mode"] == "event_driven",
        package=catalog.project.package,
        module=f"{action.folder}.{action.stem}",
        type=action.reference,
    )


def _test(catalog: Catalog, action: Action) -> str:
    return template("scaffold/test.py.j2").render(
        executors=catalog.project.executors,
        package=catalog.project.package,
        module=f"{action.folder}.{action.stem}",
        type=action.reference,
        examples=[repr(example["params"]) for example in action.meta["examples"]],
    )
