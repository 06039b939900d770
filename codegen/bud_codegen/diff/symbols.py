"""What the code generated from an action is called."""

from collections.abc import Iterator

from bud_codegen.diff.finding import Finding
from bud_codegen.diff.topic import ERROR, INFO, Pair, Topic
from bud_codegen.model import Action, Project


def symbol_findings(pair: Pair) -> Iterator[Finding]:
    """Yield what is called otherwise in Python although the action keeps its type.

    Names in TypeScript and OpenAPI follow from the type alone, so that only a renamed action has others.
    """
    old = _module(pair.before.catalog.project, pair.old)
    new = _module(pair.after.catalog.project, pair.new)
    if old != new and pair.old.type == pair.new.type and not pair.is_for_pipelines_only:
        message = f"its params and outputs were in {old} and are in {new}"
        hint = "move its executor too, and import from the new module"
        yield Topic(pair).finding("python-module-changed", message, INFO, ERROR, hint=hint)


def _module(project: Project, action: Action) -> str:
    return f"{project.package}.{action.folder}.{action.stem}"
