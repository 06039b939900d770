"""Build the catalog from valid documents. Cannot fail: what could go wrong was a Problem before."""

from collections.abc import Iterable, Mapping
from typing import Any

from bud_codegen.model import Action, Catalog, Category, Project
from bud_schemas import shapes

Document = Mapping[str, Any]


def build_catalog(project: Project, categories: Iterable[Category], documents: Mapping[str, Document]) -> Catalog:
    """Build the catalog of a project from {path: action document}."""
    ordered = tuple(sorted(categories, key=lambda each: (each.order, each.name)))
    rank = {category.name: index for index, category in enumerate(ordered)}
    actions = [build_action(project, path, document) for path, document in documents.items()]
    actions.sort(key=lambda action: (rank[action.meta["category"]], action.type))
    digest = shapes.catalog_digest(
        ((each.name, each.icon, each.order) for each in ordered), ((each.type, each.digest) for each in actions)
    )
    return Catalog(project, ordered, tuple(actions), digest)


def build_action(project: Project, path: str, document: Document) -> Action:
    """Build one action from its valid document."""
    folder, _, name = path.removeprefix(f"{project.actions}/").rpartition("/")
    meta = shapes.complete(document)
    return Action(
        type=meta["type"],
        folder=folder,
        stem=name.removesuffix(".yaml"),
        source=path,
        digest=shapes.digest_of(meta),
        meta=meta,
        input_schema=shapes.input_schema(meta),
        params_schema=shapes.params_schema(meta),
        outputs_schema=shapes.outputs_schema(meta),
    )
