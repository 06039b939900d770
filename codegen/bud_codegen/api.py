"""The generator as one function: action files in, every derived file out.

Nothing here touches the disk, the clock or the environment; whoever calls decides what to read and write.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from bud_codegen.build import build_catalog
from bud_codegen.emit import docs, editor, lock, openapi, python, typescript
from bud_codegen.load import Source
from bud_codegen.model import Catalog, Project
from bud_codegen.problem import InvalidActionsError, in_order
from bud_codegen.scaffold import scaffolds
from bud_codegen.validate import check

Sources = Mapping[str, Source]
"""{path: YAML text} of action files and categories.yaml; paths from the project's root."""

BUD = Project()
NOTHING: Mapping[str, bytes] = {}
NOTHING_LOCKED: Mapping[str, str] = {}

EMITTERS: Mapping[str, Callable[[Catalog, Mapping[str, bytes]], dict[str, bytes]]] = {
    "python": python.emit,
    "openapi": lambda catalog, _known: openapi.emit(catalog),
    "typescript": lambda catalog, _known: typescript.emit(catalog),
    "docs": lambda catalog, _known: docs.emit(catalog),
    "editor": lambda catalog, _known: editor.emit(catalog),
}
"""By target. Each gets the catalog and files it made before, and returns {path: content}."""


class Generation(NamedTuple):
    """Everything derived from one catalog."""

    catalog: Catalog
    files: dict[str, bytes]
    """{path: content} below generated/, the lock included."""
    scaffolds: dict[str, bytes]
    """{path: first version} of executors and their tests, which a person owns once they exist."""


def generate(sources: Sources, project: Project = BUD) -> dict[str, bytes]:
    """Turn {path: YAML text} into {path: content}, both relative to the project's root.

    The same sources give the same bytes, everywhere. Raises InvalidActionsError, which holds every problem of every
    file, if any file is wrong.
    """
    return generation(load_catalog(sources, project)).files


def load_catalog(sources: Sources, project: Project = BUD) -> Catalog:
    """Read, check and build. Raises InvalidActionsError if any file is wrong."""
    checked = check(project, sources)
    if any(problem.is_error for problem in checked.problems):
        raise InvalidActionsError(checked.problems)
    return build_catalog(project, checked.categories, checked.documents)


def lint(sources: Sources, project: Project = BUD) -> InvalidActionsError | None:
    """Return everything wrong with the sources, or None."""
    problems = in_order(check(project, sources).problems)
    return InvalidActionsError(problems) if problems else None


def generation(
    catalog: Catalog,
    targets: Iterable[str] = tuple(EMITTERS),
    known: Mapping[str, bytes] = NOTHING,
    digests: Mapping[str, str] = NOTHING_LOCKED,
) -> Generation:
    """Derive the files of some targets from a catalog.

    `known` holds files that this very generator made before; it changes what a run costs, never what it gives.
    `digests` are those of the other targets' files, which the lock goes on holding.
    """
    files: dict[str, bytes] = {}
    for target in targets:
        files |= EMITTERS[target](catalog, known)
    first_versions = scaffolds(catalog)
    locked = {**digests, **{path: lock.sha256(content) for path, content in files.items()}}
    scaffold_digests = {path: lock.sha256(content) for path, content in first_versions.items()}
    return Generation(catalog, files | lock.emit(catalog, locked, scaffold_digests), first_versions)
