"""All checks of one executor."""

from collections.abc import Iterator, Mapping

from bud_codegen.lint.executors.contract import class_problems, stub_problems, type_problems
from bud_codegen.lint.executors.events import event_problems, topic_problems
from bud_codegen.lint.executors.habits import habit_problems
from bud_codegen.lint.executors.meaning import Meaning
from bud_codegen.lint.executors.outputs import output_problems
from bud_codegen.lint.executors.params import params_read, read_by_helpers, undeclared_problems, unused_problems
from bud_codegen.lint.executors.secrets import secret_problems
from bud_codegen.lint.executors.services import service_problems
from bud_codegen.lint.executors.waits import result_problems, wait_problems
from bud_codegen.model import Action, Project
from bud_codegen.problem import Problem


def problems_of(project: Project, action: Action, meaning: Meaning, files: Mapping[str, Meaning]) -> Iterator[Problem]:
    """Yield what is wrong with the executor of an action; `files` are all below the actions, by path."""
    yield from class_problems(meaning.module)
    yield from stub_problems(meaning.module)
    yield from habit_problems(meaning)
    yield from result_problems(meaning)
    yield from wait_problems(meaning, action)
    yield from event_problems(meaning, action)
    yield from topic_problems(meaning, action)
    yield from service_problems(meaning, action, project.package)
    yield from secret_problems(meaning, action)
    yield from _type_problems(meaning, project, action, files)


def _type_problems(
    meaning: Meaning, project: Project, action: Action, files: Mapping[str, Meaning]
) -> Iterator[Problem]:
    """Yield wrong types or, if they are the action's own, what is wrong with the use of params and outputs."""
    own = f"{project.package}.{action.folder}.{action.stem}"
    yield from type_problems(meaning, project.package, own)
    if set(meaning.types) <= {"", f"{own}.Params", f"{own}.Outputs"}:
        reads = params_read(meaning)
        yield from undeclared_problems(meaning, action, reads)
        yield from unused_problems(meaning, action, [reads, *read_by_helpers(meaning, files)])
        yield from output_problems(meaning, action)
