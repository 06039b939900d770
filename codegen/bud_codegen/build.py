"""Build the catalog from what is valid. Cannot fail: what could go wrong was a Problem before."""

from collections.abc import Iterable, Mapping
from typing import Any

from bud_codegen.model import Action, Catalog, Category, Project
from bud_codegen.paths import action_path
from bud_schemas import shapes

Document = Mapping[str, Any]


def build_catalog(project: Project, categories: Iterable[Category], documents: Mapping[str, Document]) -> Catalog:
    """Build the catalog of a project from {path: action document}."""
    return catalog_of(project, categories, (build_action(project, path, each) for path, each in documents.items()))


def catalog_of(
    project: Project, categories: Iterable[Category], built: Iterable[Action], reserved: Iterable[str] = ()
) -> Catalog:
    """Put actions that are built into the catalog of a project; `reserved` are types that may not come back."""
    ordered = tuple(sorted(categories, key=lambda each: (each.order, each.name)))
    rank = {category.name: index for index, category in enumerate(ordered)}
    ordered_actions = sorted(built, key=lambda action: (rank[action.meta["category"]], action.type, action.major))
    actions = tuple(action for action in ordered_actions if action.is_newest)
    older = tuple(action for action in ordered_actions if not action.is_newest)
    digest = shapes.catalog_digest(
        ((each.name, each.icon, each.order) for each in ordered),
        ((each.type, each.digest) for each in actions),
        ((each.reference, each.digest) for each in older),
    )
    return Catalog(project, ordered, actions, digest, older, frozenset(reserved))


def described_catalog(project: Project, document: Document) -> Catalog:
    """Return the catalog that a catalog.json describes; folders of categories are unknown."""
    categories = tuple(Category(each["name"], each["icon"], "", each["order"]) for each in document["categories"])
    newest = tuple(_described(project, entry, is_newest=True) for entry in document["actions"].values())
    older = tuple(_described(project, entry, is_newest=False) for entry in document.get("older", {}).values())
    return Catalog(project, categories, newest, document["digest"], older)


def _described(project: Project, entry: Document, *, is_newest: bool) -> Action:
    place = action_path(project, entry["source"])
    return Action(
        type=entry["meta"]["type"],
        folder=place.folder,
        stem=place.stem,
        source=entry["source"],
        digest=entry["digest"],
        meta=entry["meta"],
        input_schema=entry["input_schema"],
        params_schema=entry["params_schema"],
        outputs_schema=entry["outputs_schema"],
        is_newest=is_newest,
    )


def build_action(project: Project, path: str, document: Document) -> Action:
    """Build one action from its valid document."""
    place = action_path(project, path)
    meta = shapes.complete(document)
    return Action(
        type=meta["type"],
        folder=place.folder,
        stem=place.stem,
        source=path,
        digest=shapes.digest_of(meta),
        meta=meta,
        input_schema=shapes.input_schema(meta),
        params_schema=shapes.params_schema(meta),
        outputs_schema=shapes.outputs_schema(meta),
        is_newest=place.major is None,
    )
