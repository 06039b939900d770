"""Read categories.yaml: a project's own, or the standard ones that come with bud_actions."""

from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from bud_codegen.load import Document, empty_problem, load
from bud_codegen.model import Category
from bud_codegen.problem import Problem
from bud_codegen.validate.structure import structure_problems


def read_categories(path: str, source: str | bytes) -> tuple[list[Category], list[Problem]]:
    """Return the categories of a file and what is wrong with it."""
    document = load(path, source)
    if document.data is None:
        return [], list(document.problems) or [empty_problem(path)]
    problems, _ = structure_problems(document, "categories")
    if document.problems or problems:
        return [], [*document.problems, *problems]
    categories = [Category(**entry) for entry in document.data["categories"]]
    return categories, list(_repeated(document, categories))


def _repeated(document: Document, categories: list[Category]) -> Iterator[Problem]:
    seen: set[str] = set()
    for index, category in enumerate(categories):
        if category.name in seen:
            place = document.place(("categories", index, "name"))
            yield Problem(place, "invalid-value", f"category `{category.name}` is listed twice", "keep one of them")
        seen.add(category.name)


@cache
def standard_categories() -> tuple[Category, ...]:
    """Return the categories that every project may use; read from bud_actions' data without importing it."""
    spec = find_spec("bud_actions")
    if spec is None or not spec.submodule_search_locations:
        return ()
    path = Path(spec.submodule_search_locations[0]) / "categories.yaml"
    categories, _ = read_categories("categories.yaml", path.read_text(encoding="utf-8"))
    return tuple(categories)
