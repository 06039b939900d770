"""What rules look at."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from bud_codegen.load import Document
from bud_codegen.model import Project
from bud_codegen.paths import action_path
from bud_codegen.problem import Problem
from bud_codegen.validate.draft import Draft


@dataclass(frozen=True, slots=True)
class Scene:
    """All actions of a project that are sound enough to speak of style."""

    project: Project
    drafts: tuple[Draft, ...]
    """In the order of their paths."""
    own_categories: Document | None
    """The project's categories.yaml; None if it has none, or a wrong one."""
    today: date

    @property
    def newest(self) -> Iterator[Draft]:
        """The newest version of each action: what older ones say cannot be changed any more."""
        return (draft for draft in self.drafts if action_path(self.project, draft.path).major is None)


ActionCheck = Callable[[Draft], Iterable[Problem]]
"""Yields the problems of one action by itself."""
SceneCheck = Callable[[Scene], Iterable[Problem]]
"""Yields the problems that show only between actions, or on a day."""

Listed = tuple[str, int, Mapping[str, Any]]
"""`params` or `outputs`, the index in that list, and the item."""


def items(draft: Draft, *keys: str) -> Iterator[Listed]:
    """Yield the params, outputs or both of an action that are not deprecated, with their pointers."""
    for key in keys or ("params", "outputs"):
        for index, item in draft.params if key == "params" else draft.outputs:
            if "deprecated" not in item:
                yield key, index, item
