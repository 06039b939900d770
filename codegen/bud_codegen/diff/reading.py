"""Read one side of a comparison, as cheaply as building allows.

What stops a catalog from being built is found here; everything else that lint finds is lint's to say.
"""

from collections.abc import Mapping

from bud_codegen.build import build_action, catalog_of
from bud_codegen.collector import collector_paused
from bud_codegen.diff.side import Side
from bud_codegen.load import Document, Source, load
from bud_codegen.model import Action, Project
from bud_codegen.problem import InvalidActionsError
from bud_codegen.validate import action_paths, check
from bud_codegen.validate.categories import categories_of
from bud_codegen.validate.structure import has_structure

Sources = Mapping[str, Source]


def side_of(project: Project, sources: Sources, known: Side | None = None) -> Side:
    """Build a side from {path: YAML text} of action files and categories.yaml; without action files it is empty.

    Files that are the same in `known`, the other side, are taken over from there. Raises InvalidActionsError, which
    holds every problem of every file, if no catalog can be built from them.
    """
    with collector_paused():
        listed = categories_of(project, sources)
        names = {category.name for category in listed.categories}
        shared = _shared(project, sources, known)
        documents: dict[str, Document] = {}
        actions: list[Action] = []
        for path in action_paths(project, sources):
            if path in shared and shared[path][1].meta["category"] in names:
                documents[path], action = shared[path]
                actions.append(action)
                continue
            document = documents[path] = load(path, sources[path])
            if not _can_be_built(document, names):
                raise _invalid(project, sources)
            actions.append(build_action(project, path, document.data))
        if listed.problems or len({action.reference for action in actions}) < len(actions):
            raise _invalid(project, sources)
        return Side(catalog_of(project, listed.categories, actions, listed.reserved), documents, sources)


def _shared(project: Project, sources: Sources, known: Side | None) -> dict[str, tuple[Document, Action]]:
    """Return the documents and actions of files that are the same on the other side, by path."""
    if known is None or known.catalog.project != project:
        return {}
    actions = (*known.catalog.actions, *known.catalog.older)
    return {
        action.source: (known.documents[action.source], action)
        for action in actions
        if action.source in known.documents and known.sources.get(action.source) == sources.get(action.source)
    }


def _can_be_built(document: Document, categories: set[str]) -> bool:
    """Whether an action can be built, however wrong it may be otherwise."""
    if document.problems or not has_structure(document, "action") or document.data["category"] not in categories:
        return False
    params = document.data.get("params", ())
    return all("options" in param for param in params if param["type"] in ("select", "multiselect"))


def _invalid(project: Project, sources: Sources) -> InvalidActionsError:
    return InvalidActionsError(check(project, sources).problems)
