"""Read categories.yaml: a project's own, or the standard ones that come with bud_actions."""

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

from bud_codegen.load import Document, Source, empty_problem, load
from bud_codegen.model import Category, Project
from bud_codegen.problem import Problem
from bud_codegen.validate.structure import structure_problems


class Listed(NamedTuple):
    """What a categories.yaml says, and what is wrong with it."""

    categories: list[Category]
    reserved: frozenset[str] = frozenset()
    """Types that were removed and may not come back."""
    problems: tuple[Problem, ...] = ()


def read_categories(path: str, source: Source) -> Listed:
    """Return what a file says, as far as it is sound."""
    document = load(path, source)
    if document.data is None:
        return Listed([], problems=document.problems or (empty_problem(path),))
    problems, faults = structure_problems(document, "categories")
    listed = document.data.get("categories") if isinstance(document.data, dict) else None
    wrong = {fault[1] for fault in faults if len(fault) > 1}
    sound = [each for index, each in enumerate(listed if isinstance(listed, list) else ()) if index not in wrong]
    categories = [Category(**entry) for entry in sound] if () not in faults and ("categories",) not in faults else []
    is_sound = isinstance(document.data, dict) and not any(fault[:1] == ("reserved",) for fault in faults)
    reserved = frozenset(document.data.get("reserved", ())) if is_sound else frozenset[str]()
    return Listed(categories, reserved, (*document.problems, *problems, *_repeated(document)))


def categories_of(project: Project, sources: Mapping[str, Source]) -> Listed:
    """Return what holds for a project: its own categories.yaml, if there is one, before the standard one."""
    path = f"{project.actions}/categories.yaml"
    own = read_categories(path, sources[path]) if path in sources else Listed([])
    names = {category.name for category in own.categories}
    return own._replace(categories=own.categories + [each for each in standard_categories() if each.name not in names])


def _repeated(document: Document) -> Iterator[Problem]:
    listed = document.data.get("categories") if isinstance(document.data, dict) else None
    entries = listed if isinstance(listed, list) else ()
    names = [each.get("name") if isinstance(each, dict) else None for each in entries]
    for index, name in enumerate(names):
        if isinstance(name, str) and name in names[:index]:
            place = document.place(("categories", index, "name"))
            yield Problem(place, "invalid-value", f"category `{name}` is listed twice", "keep one of them")


@cache
def standard_categories() -> tuple[Category, ...]:
    """Return the categories that every project may use; read from bud_actions' data without importing it."""
    spec = find_spec("bud_actions")
    if spec is None or not spec.submodule_search_locations:
        return ()
    path = Path(spec.submodule_search_locations[0]) / "categories.yaml"
    return tuple(read_categories("categories.yaml", path.read_text(encoding="utf-8")).categories)
