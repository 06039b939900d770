"""Show problems to a person, a program, or a code review."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from bud_codegen.load import Source
from bud_codegen.problem import Place, Problem
from bud_codegen.rules import RULES, page

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
    counted = [plural(errors, "error")] * bool(errors) + [plural(warnings, "warning")] * bool(warnings)
    return f"{' and '.join(counted)} in {plural(files, 'file')}"


def plural(number: int, noun: str) -> str:
    """Return `1 error` or `2 errors`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _with_frame(problem: Problem, sources: Sources, style: Style) -> str:
    place = problem.place
    tag = style(f"{problem.severity}[{problem.rule}]", problem.severity)
    where = str(place) if place.path in sources else place.path
    lines = [f"{style(where, 'place')}: {tag} {visible(problem.message)}"]
    lines += frame(place, sources, problem.severity, style)
    if problem.hint:
        lines.append(f"   {style('hint:', 'hint')} {visible(problem.hint)}")
    return "\n".join(lines) + "\n"


def frame(place: Place, sources: Sources, role: str, style: Style = plain) -> list[str]:
    """Return the line at a place with a caret below it; nothing if the line is not known."""
    source = _line(sources, place.path, place.line)
    if not source:
        return []
    number = str(place.line)
    margin = " " * len(number)
    before, shown, width = _window(source, place.column - 1, place.length)
    caret = " " * before + style("^" * width, role)
    bar = style("|", "frame")
    return [f" {margin} {bar}", f" {style(number, 'frame')} {bar} {shown}", f" {margin} {bar} {caret}"]


WIDEST_LINE = 120


def _window(line: str, column: int, length: int) -> tuple[int, str, int]:
    """Return the columns before the caret, the part of the line to show, and the caret's width."""
    start = max(0, column - WIDEST_LINE // 2) if len(line) > WIDEST_LINE else 0
    shown = visible(line[start : start + WIDEST_LINE].replace("\t", " "))
    before = column - start
    return before, shown, max(1, min(length, len(shown) - before))


def visible(text: str) -> str:
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
    return json.dumps([problem_object(problem) for problem in problems], indent=2)


def problem_object(problem: Problem) -> dict[str, Any]:
    """Return a problem as a JSON object."""
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
        workflow_command(problem.severity, problem.place, problem.rule, _advice(problem)) for problem in problems
    )


def workflow_command(level: str, place: Place, title: str, text: str) -> str:
    """Return the workflow command that shows a text at a place; `level` is error, warning or notice."""
    return (
        f"::{level} file={_property(place.path)},line={place.line},col={place.column},"
        f"endColumn={place.column + place.length},title={_property(title)}::{_data(text)}"
    )


def _advice(problem: Problem) -> str:
    return f"{problem.message}\n{problem.hint}" if problem.hint else problem.message


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def as_sarif(problems: Iterable[Problem], _sources: Sources) -> str:
    """Return SARIF 2.1.0, for code scanning."""
    return sarif_log(sarif_result(problem) for problem in problems)


SARIF_LEVELS = {"danger": "warning", "info": "note"}
"""Of severities that SARIF calls otherwise."""


def sarif_log(results: Iterable[Mapping[str, Any]]) -> str:
    """Return a SARIF document with one run, whose results are given."""
    rules = [
        {
            "id": rule.id,
            "shortDescription": {"text": rule.summary},
            "help": {"text": f"bud explain {rule.id}", "markdown": page(rule.id)},
            "defaultConfiguration": {"level": SARIF_LEVELS.get(rule.severity, rule.severity)},
        }
        for rule in RULES
    ]
    run = {
        "tool": {"driver": {"name": "bud", "rules": rules}},
        "columnKind": "unicodeCodePoints",
        "results": list(results),
    }
    schema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/schemas/sarif-schema-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=2)


def sarif_result(problem: Problem) -> dict[str, Any]:
    """Return a problem as a SARIF result."""
    result: dict[str, Any] = {
        "ruleId": problem.rule,
        "level": problem.severity,
        "message": {"text": _advice(problem)},
        "locations": [sarif_location(problem.place)],
    }
    if problem.related:
        result["relatedLocations"] = [sarif_location(place) for place in problem.related]
    return result


def sarif_location(place: Place) -> dict[str, Any]:
    """Return a place as a SARIF location."""
    region = {"startLine": place.line, "startColumn": place.column, "endColumn": place.column + place.length}
    return {"physicalLocation": {"artifactLocation": {"uri": place.path}, "region": region}}


FORMATS: Mapping[str, Callable[[Sequence[Problem], Sources], str]] = {
    "text": as_text,
    "json": as_json,
    "github": as_github,
    "sarif": as_sarif,
}
