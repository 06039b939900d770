"""Everything wrong with a project's actions, and everything that could be better."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from itertools import chain

from bud_codegen.build import build_action
from bud_codegen.lint import behaviour, catalog, documentation, interface, lifecycle, naming, security
from bud_codegen.lint.executors import executor_problems
from bud_codegen.lint.ignores import Ignore, ignore_problems, ignores_in, without_ignored
from bud_codegen.lint.scene import ActionCheck, Scene, SceneCheck
from bud_codegen.lint.settings import LINTED, Settings
from bud_codegen.load import Document, Source, load
from bud_codegen.model import Project
from bud_codegen.problem import Problem, in_order
from bud_codegen.validate import check

__all__ = ["Settings", "lint"]

_MODULES = (documentation, interface, security, behaviour, lifecycle, naming)
ACTION_CHECKS: Mapping[str, ActionCheck] = {rule: each for module in _MODULES for rule, each in module.CHECKS.items()}
SCENE_CHECKS: Mapping[str, SceneCheck] = {**lifecycle.SCENE_CHECKS, **catalog.SCENE_CHECKS}


def lint(
    project: Project, sources: Mapping[str, Source], python: Mapping[str, Source], settings: Settings, today: date
) -> tuple[Problem, ...]:
    """Return every problem: what stops generation, whatever the settings say, then what could be better.

    `sources` are the action files and categories.yaml, `python` all Python files below the actions, as {path: text}.
    Raises SettingsError if the settings name files that are not there.
    """
    settings.check_paths([*sources, *python])
    checked = check(project, sources)
    stopping = in_order(checked.problems)
    sound = tuple(draft for draft in checked.drafts if not draft.faults and not draft.document.problems)
    scene = Scene(project, sound, _own_categories(project, sources, stopping), today)
    all_found = chain(_style_problems(scene, settings), _executor_problems(scene, python, stopping))
    found = [each for problem in all_found for each in _levelled(problem, settings)]
    ignores = _ignores(scene, sources, python)
    about_ignores = ignore_problems(ignores, found, settings)
    return (*stopping, *in_order([*without_ignored(found, ignores), *about_ignores]))


def _executor_problems(scene: Scene, python: Mapping[str, Source], stopping: Iterable[Problem]) -> Iterator[Problem]:
    wrong = {problem.place.path for problem in stopping}
    documents = {draft.path: draft.document.data for draft in scene.drafts if draft.path not in wrong}
    actions = [build_action(scene.project, path, document) for path, document in documents.items()]
    return executor_problems(scene.project, actions, python, wrong)


def _ignores(scene: Scene, sources: Mapping[str, Source], python: Mapping[str, Source]) -> list[Ignore]:
    documents = [draft.document for draft in scene.drafts]
    documents += [scene.own_categories] if scene.own_categories else []
    texts = {**{each.path: sources[each.path] for each in documents}, **python}
    return [ignore for path, text in texts.items() for ignore in ignores_in(path, text)]


def _style_problems(scene: Scene, settings: Settings) -> Iterator[Problem]:
    action_checks = [each for rule, each in ACTION_CHECKS.items() if settings.is_ever_on(LINTED[rule])]
    for draft in scene.drafts:
        for check_action in action_checks:
            yield from check_action(draft)
    for rule, check_scene in SCENE_CHECKS.items():
        if settings.is_ever_on(LINTED[rule]):
            yield from check_scene(scene)


def _own_categories(project: Project, sources: Mapping[str, Source], problems: Iterable[Problem]) -> Document | None:
    path = f"{project.actions}/categories.yaml"
    if path not in sources or any(problem.place.path == path for problem in problems):
        return None
    return load(path, sources[path])


def _levelled(problem: Problem, settings: Settings) -> Iterator[Problem]:
    """Yield the problem as bad as the settings say, or not at all."""
    rule = LINTED[problem.rule]
    level = settings.level(rule, problem.place.path)
    if level != "off":
        yield problem if level == rule.severity else replace(problem, level=level)
