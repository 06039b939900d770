"""What is wrong with an executor's file, told without importing it."""

from pathlib import Path

from bud_codegen.lint.executors import file_problems
from bud_codegen.model import Project
from bud_codegen.paths import action_path


def executor_problems(path: Path, shown: str) -> list[str]:
    """Return what is wrong with a Python file below the actions, which is called `shown`; one that is gone is right."""
    source: bytes | OSError
    try:
        source = path.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as error:
        source = error
    problems = file_problems(shown, source, is_executor=_has_action(path))
    return [f"{problem.place}: error: {problem.message}; {problem.hint}" for problem in problems]


def _has_action(path: Path) -> bool:
    """Whether an action file stands beside a Python file and is executed by it."""
    return any(action_path(Project(), each.name).stem == path.stem for each in path.parent.glob("*.yaml"))
