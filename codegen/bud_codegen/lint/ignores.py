"""Comments that ignore a finding: `# bud: ignore missing-icon reason: nobody sees it`."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from bud_codegen.lint.comments import Comment, comments_of
from bud_codegen.lint.settings import LINTED, Settings
from bud_codegen.load import Source
from bud_codegen.problem import Place, Problem
from bud_codegen.rules import FIXED
from bud_codegen.validate.structure import suggestion

_IGNORE = re.compile(r"bud:\s*ignore\b\s*(?P<rules>.*?)\s*(?:\breason:\s*(?P<reason>.*))?")
FORM = "# bud: ignore rule-id reason: why it is right here"


@dataclass(frozen=True, slots=True)
class Ignore:
    """One comment that ignores findings."""

    place: Place
    line: int
    """The line whose findings it ignores."""
    rules: tuple[str, ...]
    reason: str
    """Why; empty if nobody said, which is a Problem of its own."""


def ignores_in(path: str, source: Source) -> tuple[Ignore, ...]:
    """Return the comments of a YAML or Python file that ignore findings; none of a file that cannot be read."""
    if isinstance(source, OSError):
        return ()
    text = source.decode("utf-8", "replace") if isinstance(source, bytes) else source
    if "bud:" not in text:
        return ()
    comments = list(comments_of(path, text))
    alone = {comment.line for comment in comments if comment.stands_alone}
    return tuple(ignore for comment in comments if (ignore := _ignore(path, comment, alone)) is not None)


def _ignore(path: str, comment: Comment, alone: set[int]) -> Ignore | None:
    found = _IGNORE.fullmatch(comment.text)
    if found is None:
        return None
    line = comment.line
    while line in alone:  # the first line below it that is no comment
        line += 1
    rules = tuple(rule.strip() for rule in found["rules"].split(",") if rule.strip())
    place = Place(path, comment.line, comment.column, len(comment.text) + 2)
    return Ignore(place, line, rules, (found["reason"] or "").strip())


def without_ignored(problems: Iterable[Problem], ignores: Iterable[Ignore]) -> list[Problem]:
    """Leave out what a comment ignores."""
    ignored = {(each.place.path, each.line, rule) for each in ignores for rule in each.rules}
    return [each for each in problems if _key(each) not in ignored]


def _key(problem: Problem) -> tuple[str, int, str]:
    return problem.place.path, problem.place.line, problem.rule


def ignore_problems(ignores: Iterable[Ignore], problems: Iterable[Problem], settings: Settings) -> Iterator[Problem]:
    """Yield what is wrong with the comments, given all problems that could be ignored."""
    found = {_key(each) for each in problems}
    for ignore in ignores:
        yield from _wrong(ignore)
        path = ignore.place.path
        for rule in ignore.rules:
            is_in_force = rule in LINTED and rule not in FIXED and settings.level(LINTED[rule], path) != "off"
            if is_in_force and (path, ignore.line, rule) not in found:
                message = f"there is no {rule} on line {ignore.line} to ignore"
                yield Problem(ignore.place, "unused-ignore", message, "remove it, or move it to the line it is about")


def _wrong(ignore: Ignore) -> Iterator[Problem]:
    if not ignore.reason:
        message = "the comment does not say why it is right here"
        yield Problem(ignore.place, "ignore-without-reason", message, f"write {FORM}")
    if not ignore.rules:
        yield Problem(ignore.place, "ignore-unknown-rule", "the comment names no rule", f"write {FORM}")
    for rule in ignore.rules:
        if rule in FIXED:
            message = f"{rule} cannot be ignored, as what breaks it does not work"
            yield Problem(ignore.place, "ignore-unknown-rule", message, "mend it, and remove the comment")
        elif rule not in LINTED:
            near = suggestion(rule, list(LINTED)) or "bud rules lists them"
            hint = "separate rules by commas" if " " in rule else near
            yield Problem(ignore.place, "ignore-unknown-rule", f"there is no rule {rule}", hint)
