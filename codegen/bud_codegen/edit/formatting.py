"""A run of `bud fmt` over the files of a project."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bud_codegen.edit.action_file import EditError
from bud_codegen.edit.arrange import arranged_file
from bud_codegen.edit.change import Change
from bud_codegen.load import Source, empty_problem, load
from bud_codegen.model import Project
from bud_codegen.problem import Problem, in_order
from bud_codegen.validate import no_actions_problem
from bud_codegen.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Formatting:
    """What is to be done to some files."""

    change: Change
    """Those that are not as they should be."""
    problems: tuple[Problem, ...]
    """Why some cannot be formatted."""
    summary: str
    """How many of which there are: `action files: 1 to format, 23 in order`."""


def chosen(workspace: Workspace, paths: Sequence[Path]) -> dict[str, Source]:
    """Return {path: content} of the files that paths name, by themselves or by a folder; of all files if none is given.

    Raises EditError for a path that names none.
    """
    sources = workspace.read_sources()
    found: set[str] = set()
    for path in paths:
        named = {each for each in sources if (workspace.root / each).is_relative_to(path.resolve())}
        if not named:
            raise EditError(f"{path} is no action file of {workspace.root}, and no folder with one")
        found |= named
    return {path: source for path, source in sources.items() if not paths or path in found}


def formatting_of(project: Project, sources: Mapping[str, Source]) -> Formatting:
    """Return what `bud fmt` makes of {path: content}. A file that does not load is left alone."""
    problems = [] if sources else [no_actions_problem(project)]
    before: dict[str, bytes] = {}
    after: dict[str, bytes] = {}
    for path, source in sources.items():
        found = _load_problems(path, source)
        problems += found
        if found or isinstance(source, OSError):
            continue
        content = source.encode() if isinstance(source, str) else source
        arranged = arranged_file(path, content)
        if arranged != content:
            before[path], after[path] = content, arranged
    wrong = len({problem.place.path for problem in problems}) if sources else 0
    counts = [(wrong, "unreadable"), (len(before), "to format"), (len(sources) - wrong - len(before), "in order")]
    told = ", ".join(f"{number} {what}" for number, what in counts if number) or "none"
    return Formatting(Change(before, after), in_order(problems), f"action files: {told}")


def _load_problems(path: str, source: Source) -> list[Problem]:
    document = load(path, source)
    is_empty = document.data is None and not document.problems
    return [empty_problem(path)] if is_empty else list(document.problems)
