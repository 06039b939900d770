"""What executors get wrong, read from their code with `ast`: nothing is imported."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bud_codegen.lint.executors.checks import problems_of
from bud_codegen.lint.executors.contract import class_problems
from bud_codegen.lint.executors.files import missing_problems, orphan_problems
from bud_codegen.lint.executors.meaning import Meaning
from bud_codegen.lint.executors.module import read
from bud_codegen.lint.executors.outputs import outputs_written
from bud_codegen.lint.executors.params import params_read
from bud_codegen.model import Action, Project
from bud_codegen.paths import action_path
from bud_codegen.problem import Place, Problem
from bud_codegen.scaffold import executor_path

if TYPE_CHECKING:
    from bud_codegen.load import Source

__all__ = ["Uses", "executor_problems", "file_problems", "uses"]


def executor_problems(
    project: Project, actions: Iterable[Action], python: Mapping[str, "Source"], unread: Collection[str] = ()
) -> Iterator[Problem]:
    """Yield what is wrong with the executors of a project's actions.

    `python` holds all Python files below the actions, by path; files that stand elsewhere are left aside. `unread` are
    the paths of action files that are wrong and so not among the actions: nothing is said of their executors.
    """
    python = {path: source for path, source in python.items() if path.startswith(f"{project.actions}/")}
    by_path = {executor_path(action): action for action in actions}
    files: dict[str, Meaning] = {}
    for path, source in python.items():
        module = read(path, source)
        if isinstance(module, Problem):
            yield module
        else:
            files[path] = Meaning(module)
    yield from orphan_problems(by_path, files, {_executor_of(project, path) for path in unread})
    for path, action in by_path.items():
        if path in files:
            yield from problems_of(project, action, files[path], files)
        elif path not in python:
            yield from missing_problems(path, action)


def _executor_of(project: Project, source: str) -> str:
    """Return where the executor of an action file stands, whatever the file says."""
    return f"{source.rpartition('/')[0]}/{action_path(project, source).stem}.py"


def file_problems(path: str, source: "Source", *, is_executor: bool) -> list[Problem]:
    """Return why a Python file below the actions cannot be taken into use."""
    module = read(path, source)
    if isinstance(module, Problem):
        return [module]
    return list(class_problems(module)) if is_executor else []


@dataclass(frozen=True, slots=True)
class Uses:
    """What an executor uses of its action, with the places; by name, as Python or as the action file spells it."""

    params: Mapping[str, tuple[Place, ...]]
    outputs: Mapping[str, tuple[Place, ...]]
    is_whole: bool
    """Whether it also uses params in a way that does not tell which, such as passing on all of them."""


def uses(path: str, source: "Source") -> Uses:
    """Return the params that a file reads and the outputs that it gives; nothing of a file that is not Python."""
    module = read(path, source)
    if isinstance(module, Problem):
        return Uses({}, {}, is_whole=False)
    meaning = Meaning(module)
    params, outputs = params_read(meaning), outputs_written(meaning)
    return Uses(
        _places((each.name, module.place(each.node)) for each in params.members),
        _places((each.name, module.place(each.node)) for each in outputs),
        params.is_whole,
    )


def _places(found: Iterable[tuple[str, Place]]) -> dict[str, tuple[Place, ...]]:
    places: dict[str, tuple[Place, ...]] = {}
    for name, place in sorted(found):
        places[name] = (*places.get(name, ()), place)
    return places
