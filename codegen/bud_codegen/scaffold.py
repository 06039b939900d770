"""First versions of the files that a person owns: executors, their tests and new action files."""

from bud_codegen.model import Action, Catalog
from bud_codegen.templates import template


def scaffolds(catalog: Catalog) -> dict[str, bytes]:
    """Return {path: first version} of every action's executor and test.

    It depends only on the action's type, place, mode, category and examples, never on its params.
    """
    contents: dict[str, bytes] = {}
    for action in catalog.actions:
        contents[executor_path(catalog, action)] = _executor(catalog, action).encode()
        contents[f"tests/actions/test_{action.type}.py"] = _test(catalog, action).encode()
    return contents


def executor_path(catalog: Catalog, action: Action) -> str:
    """Return where an action's executor stands: beside its action file."""
    return action.source.removesuffix(".yaml") + ".py"


def _executor(catalog: Catalog, action: Action) -> str:
    return template("scaffold/executor.py.j2").render(
        docstring=f"Executor of {action.type}.",
        is_event_driven=action.meta["execution_mode"] == "event_driven",
        package=catalog.project.package,
        module=f"{action.folder}.{action.stem}",
        type=action.type,
    )


def _test(catalog: Catalog, action: Action) -> str:
    return template("scaffold/test.py.j2").render(
        executors=catalog.project.executors,
        package=catalog.project.package,
        module=f"{action.folder}.{action.stem}",
        type=action.type,
        examples=[repr(example["params"]) for example in action.meta["examples"]],
    )
