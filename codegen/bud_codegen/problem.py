"""One thing wrong in a person's file, with its place."""

from collections.abc import Iterable
from dataclasses import dataclass

from bud_codegen.rules import SEVERITIES
from bud_codegen.rules.rule import Severity


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A stretch of one line in a file."""

    path: str
    line: int = 1
    """Counted from 1."""
    column: int = 1
    """Counted from 1, in code points."""
    length: int = 1
    """Code points to underline."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, where, and what to do about it."""

    place: Place
    rule: str
    """A rule id of rules.py."""
    message: str
    """What was found and what was expected, in the file's own words."""
    hint: str | None = None
    """What to do."""
    related: tuple[Place, ...] = ()
    """Other places that take part, such as the first of two duplicates."""
    level: Severity | None = None
    """How bad the project's settings say it is; None means as bad as the rule says."""

    @property
    def severity(self) -> Severity:
        """`error` fails a run; `warning` does not unless somebody asks for that."""
        return self.level or SEVERITIES[self.rule]

    @property
    def is_error(self) -> bool:
        """Whether it fails a run."""
        return self.severity == "error"

    def __str__(self) -> str:
        return f"{self.place}: {self.severity}[{self.rule}] {self.message}"


class InvalidActionsError(Exception):
    """Some action files are wrong; `problems` holds everything wrong in all of them."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = in_order(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Sort problems by place, without repetitions."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda each: (each.place, each.rule, each.message)))
