"""Show problems to a person, a program, or a code review."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from bud_codegen.load import Source
from bud_codegen.problem import Problem
from bud_codegen.rules import RULES

Sources = Mapping[str, Source]
Style = Callable[[str, str], str]
"""Colors a text by its role: error, warning, place, frame or hint."""


def plain(text: str, _role: str) -> str:
    """Leave a text uncolored."""
    return text


def as_text(problems: Sequence[Problem], sources: Sources, style: Style = plain) -> str:
    """Return each problem with the line it stands on, a caret and a hint, and a count."""
    shown = [_with_frame(problem, sources, style) for problem in problems]
    return "\n".join([*shown, count(problems)])


def count(problems: Sequence[Problem]) -> str:
    """Return `2 errors in 1 file`."""
    errors = sum(problem.is_error for problem in problems)
    warnings = len(problems) - errors
    files = len({problem.place.path for problem in problems})
    counted = [_plural(errors, "error")] * bool(errors) + [_plural(warnings, "warning")] * bool(warnings)
    return f"{' and '.join(counted)} in {_plural(files, 'file')}"


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _with_frame(problem: Problem, sources: Sources, style: Style) -> str:
    place = problem.place
    tag = style(f"{problem.severity}[{problem.rule}]", problem.severity)
    where = str(place) if place.path in sources else place.path
    lines = [f"{style(where, 'place')}: {tag} {_visible(problem.message)}"]
    source = _line(sources, place.path, place.line)
    if source:
        number = str(place.line)
        margin = " " * len(number)
        before, shown, width = _window(source, place.column - 1, place.length)
        caret = " " * before + style("^" * width, problem.severity)
        bar = style("|", "frame")
        lines += [f" {margin} {bar}", f" {style(number, 'frame')} {bar} {shown}", f" {margin} {bar} {caret}"]
    if problem.hint:
        lines.append(f"   {style('hint:', 'hint')} {_visible(problem.hint)}")
    return "\n".join(lines) + "\n"


WIDEST_LINE = 120


def _window(line: str, column: int, length: int) -> tuple[int, str, int]:
    """Return the columns before the caret, the part of the line to show, and the caret's width."""
    start = max(0, column - WIDEST_LINE // 2) if len(line) > WIDEST_LINE else 0
    shown = _visible(line[start : start + WIDEST_LINE].replace("\t", " "))
    before = column - start
    return before, shown, max(1, min(length, len(shown) - before))


def _visible(text: str) -> str:
    """Show characters that would act on a terminal, or not be seen, as a replacement character."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)


def _line(sources: Sources, path: str, number: int) -> str | None:
    source = sources.get(path)
    if source is None or isinstance(source, OSError):
        return None
    text = source.decode("utf-8", "replace") if isinstance(source, bytes) else source
    lines = text.removeprefix("\ufeff").split("\n")
    return lines[number - 1].rstrip("\r") if number <= len(lines) else None


def as_json(problems: Iterable[Problem], _sources: Sources) -> str:
    """Return a JSON list with one object per problem."""
    return json.dumps([_plain_object(problem) for problem in problems], indent=2)


def _plain_object(problem: Problem) -> dict[str, Any]:
    place = problem.place
    return {
        "path": place.path,
        "line": place.line,
        "column": place.column,
        "length": place.length,
        "severity": problem.severity,
        "rule": problem.rule,
        "message": problem.message,
        "hint": problem.hint,
        "related": [{"path": each.path, "line": each.line, "column": each.column} for each in problem.related],
    }


def as_github(problems: Iterable[Problem], _sources: Sources) -> str:
    """Return workflow commands, which GitHub shows beside the lines of a pull request."""
    return "\n".join(
        f"::{problem.severity} file={_property(problem.place.path)},line={problem.place.line},"
        f"col={problem.place.column},endColumn={problem.place.column + problem.place.length},"
        f"title={_property(problem.rule)}::{_data(_advice(problem))}"
        for problem in problems
    )


def _advice(problem: Problem) -> str:
    return f"{problem.message}\n{problem.hint}" if problem.hint else problem.message


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def as_sarif(problems: Iterable[Problem], _sources: Sources) -> str:
    """Return SARIF 2.1.0, for code scanning."""
    rules = [
        {"id": rule.id, "shortDescription": {"text": rule.summary}, "defaultConfiguration": {"level": rule.severity}}
        for rule in RULES
    ]
    run = {
        "tool": {"driver": {"name": "bud", "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "results": [_sarif_result(problem) for problem in problems],
    }
    schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=2)


def _sarif_result(problem: Problem) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": problem.rule,
        "level": problem.severity,
        "message": {"text": _advice(problem)},
        "locations": [_sarif_location(problem.place)],
    }
    if problem.related:
        result["relatedLocations"] = [_sarif_location(place) for place in problem.related]
    return result


def _sarif_location(place: Any) -> dict[str, Any]:
    region = {"startLine": place.line, "startColumn": place.column, "endColumn": place.column + place.length}
    return {"physicalLocation": {"artifactLocation": {"uri": place.path}, "region": region}}


FORMATS: Mapping[str, Callable[[Sequence[Problem], Sources], str]] = {
    "text": as_text,
    "json": as_json,
    "github": as_github,
    "sarif": as_sarif,
}
