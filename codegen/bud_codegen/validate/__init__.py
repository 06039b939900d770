"""Find everything wrong in every file.

A file whose YAML cannot be read is reported and left aside; from a file whose structure is wrong, the sound parts are
checked further, so that one mistake never hides another.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from bud_codegen.load import Document, Source, empty_problem, load
from bud_codegen.model import Category, Project
from bud_codegen.problem import Place, Problem
from bud_codegen.validate.catalog import check_catalog, check_reserved
from bud_codegen.validate.categories import categories_of
from bud_codegen.validate.draft import Draft, draft_of
from bud_codegen.validate.examples import check_examples
from bud_codegen.validate.names import check_names
from bud_codegen.validate.params import check_outputs, check_params
from bud_codegen.validate.references import check_references
from bud_codegen.validate.structure import structure_problems


@dataclass(frozen=True, slots=True)
class Checked:
    """What was read, and everything wrong with it."""

    documents: Mapping[str, Mapping[str, Any]]
    """{path: action document}; whole only if there are no problems."""
    categories: tuple[Category, ...]
    drafts: tuple[Draft, ...]
    """The action files that could be read, in the order of their paths."""
    problems: tuple[Problem, ...]


def check(project: Project, sources: Mapping[str, Source]) -> Checked:
    """Read and check {path: YAML text} of a project's action files and its categories.yaml."""
    listed = categories_of(project, sources)
    problems = list(listed.problems)
    paths = action_paths(project, sources)
    if not paths:
        problems.append(no_actions_problem(project))
    drafts = [draft for path in paths if (draft := _draft(path, sources[path], problems)) is not None]
    problems += check_catalog(project, drafts, listed.categories)
    problems += check_reserved(drafts, listed.reserved)
    documents = {draft.path: draft.document.data for draft in drafts}
    return Checked(documents, tuple(listed.categories), tuple(drafts), tuple(problems))


def action_paths(project: Project, sources: Iterable[str]) -> list[str]:
    """Return the paths of the action files among a project's sources, in order."""
    return sorted(path for path in sources if path != f"{project.actions}/categories.yaml")


def no_actions_problem(project: Project) -> Problem:
    """Return the problem of a project without action files."""
    hint = "write one with: bud new my_action --category Integration"
    return Problem(Place(project.actions), "no-actions", "there are no action files here", hint)


def _draft(path: str, source: Source, problems: list[Problem]) -> Draft | None:
    document = load(path, source)
    problems += document.problems
    if document.data is None:
        if not document.problems:
            problems.append(empty_problem(path))
        return None
    found, faults = structure_problems(document, "action")
    draft = draft_of(document, faults)
    found += _action_problems(draft)
    if not found and not document.problems:
        found += check_examples(draft)
    problems += _without_echoes(document, found)
    return draft


_OF_TYPES = frozenset(
    {
        "invalid-value",
        "version-not-semver",
        "wrong-type",
        "default-wrong-type",
        "condition-impossible",
        "schema-invalid",
    }
)


def _without_echoes(document: Document, found: Iterable[Problem]) -> Iterable[Problem]:
    """Leave out that an ambiguous value has the wrong type: it has another one as soon as it is written plainly."""
    ambiguous = {problem.place for problem in document.problems if problem.rule == "yaml-ambiguous"}
    return (problem for problem in found if problem.rule not in _OF_TYPES or problem.place not in ambiguous)


def _action_problems(draft: Draft) -> Iterable[Problem]:
    for checks in (check_names, check_params, check_outputs, check_references):
        yield from checks(draft)
