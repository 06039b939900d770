"""Find the comments of a file: a # inside a text is none."""

import io
import tokenize
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import yaml


class Comment(NamedTuple):
    """One comment, without its #."""

    line: int
    """Counted from 1."""
    column: int
    """Of the #, counted from 1."""
    text: str
    stands_alone: bool
    """Whether nothing stands before it on its line."""


def comments_of(path: str, text: str) -> Iterator[Comment]:
    """Yield the comments of a readable YAML file, or of a Python file as far as it is readable."""
    text = text.removeprefix("\ufeff")
    return _python_comments(text) if path.endswith(".py") else _yaml_comments(text)


def _python_comments(text: str) -> Iterator[Comment]:
    with suppress(tokenize.TokenError, SyntaxError):  # a rule about executors says so
        yield from _tokenized(text)


def _tokenized(text: str) -> Iterator[Comment]:
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            line, column = token.start
            yield _comment(token.line.rstrip("\r\n"), line, column)


def _yaml_comments(text: str) -> Iterator[Comment]:
    lines = text.split("\n")
    scalars = _scalar_ends(text)
    for number, line in enumerate(lines):
        column = line.find("#")
        while column >= 0:
            end = _end_around(scalars, (number, column))
            if end is None and (column == 0 or line[column - 1] in " \t"):
                yield _comment(line.rstrip("\r"), number + 1, column)
                break
            column = line.find("#", max(column + 1, end[1] if end and end[0] == number else 0))


Position = tuple[int, int]
"""Line and column, counted from 0."""


def _scalar_ends(text: str) -> list[tuple[Position, Position]]:
    """Return (start, end) of each text, number and key of a YAML file; a block starts after the line of its mark."""
    events = yaml.parse(text, Loader=yaml.CSafeLoader)
    scalars = (event for event in events if isinstance(event, yaml.ScalarEvent))
    return [(_start(each), _position(each.end_mark)) for each in scalars]


def _start(scalar: yaml.ScalarEvent) -> Position:
    line, column = _position(scalar.start_mark)
    return (line + 1, 0) if scalar.style in ("|", ">") else (line, column)


def _position(mark: Any) -> Position:
    return mark.line, mark.column


def _end_around(scalars: list[tuple[Position, Position]], position: Position) -> Position | None:
    return next((end for start, end in scalars if start <= position < end), None)


def _comment(line: str, number: int, column: int) -> Comment:
    return Comment(number, column + 1, line[column + 1 :].strip(), not line[:column].strip())
