"""Read YAML into plain JSON values and remember where each key and value stands.

The reading is YAML 1.2's core schema (https://yaml.org/spec/1.2.2/#103-core-schema) without its traps: words that
YAML 1.1 reads as booleans must be quoted, keys are texts and unique, tags and merge keys do not exist, and a file's
size, depth and number of values, aliases expanded, are bounded.
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import yaml

from bud_codegen.problem import Place, Problem

MOST_BYTES = 256 * 1024
MOST_VALUES = 20_000
MOST_DEPTH = 40
LARGEST_INTEGER = 2**53 - 1
"""Largest integer that a browser holds exactly (ECMA-262, Number.MAX_SAFE_INTEGER)."""

Pointer = tuple[str | int, ...]
"""Keys and indexes from the top of a document to a value."""


class Span(NamedTuple):
    """Where a value stands, and its key if it has one; lines and columns are counted from 0."""

    value: tuple[int, int, int]
    """Line, column and length."""
    key: tuple[int, int, int] | None = None
    plain: str | None = None
    """The text of an unquoted scalar as written."""


@dataclass(frozen=True, slots=True)
class Document:
    """One file's content, whole only if `problems` is empty."""

    path: str
    data: Any
    problems: tuple[Problem, ...] = ()
    _spans: Mapping[int, Mapping[str | int, Span]] = field(default_factory=dict, repr=False)
    _root: Span = field(default=Span((0, 0, 1)), repr=False)

    def place(self, pointer: Pointer = (), *, of_key: bool = False) -> Place:
        """Return where a value (or its key) stands, or the nearest value around it that is there."""
        span = self._span(pointer)
        line, column, length = span.key if of_key and span.key else span.value
        return Place(self.path, line + 1, column + 1, max(length, 1))

    def plain_text(self, pointer: Pointer) -> str | None:
        """Return how an unquoted scalar is written; None for anything else."""
        return self._span(pointer).plain

    def _span(self, pointer: Pointer) -> Span:
        value, span = self.data, self._root
        for step in pointer:
            inner = self._spans.get(id(value), {}).get(step)
            if inner is None:
                return span
            value, span = value[step], inner
        return span


def load(path: str, source: str | bytes) -> Document:
    """Read one file; what is wrong with it is in the document's `problems`, never raised."""
    text = _decode(path, source)
    if isinstance(text, Problem):
        return Document(path, None, (text,))
    reader = _Reader(path)
    try:
        data, root = reader.read(text)
    except _UnreadableError as stop:
        return Document(path, None, (*reader.problems, stop.problem))
    except yaml.YAMLError as error:
        return Document(path, None, (*reader.problems, _syntax_problem(path, error)))
    return Document(path, data, tuple(reader.problems), reader.spans, root)


def _decode(path: str, content: str | bytes) -> str | Problem:
    if len(content) > MOST_BYTES:
        return Problem(Place(path), "yaml-limit", f"file is larger than {MOST_BYTES // 1024} KiB", "split it up")
    try:
        source = content.decode("utf-8") if isinstance(content, bytes) else content
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        return Problem(Place(path, line), "yaml-syntax", "file is not UTF-8 text", "save it as UTF-8")
    unsafe = unsafe_character(source.removeprefix("\ufeff"))
    if unsafe is not None:
        before = source[: source.index(unsafe)]
        place = Place(path, before.count("\n") + 1, len(before) - before.rfind("\n"))
        return _unsafe_problem(place, unsafe)
    return source


# Control characters, lone surrogates, line separators and everything that reorders the text around it (Unicode
# Standard Annex 9): none is seen by a reader, each is a way out of a comment or a string somewhere.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)


def unsafe_character(text: str) -> str | None:
    """Return the first character that may not stand in an action file, escaped or not."""
    match = _UNSAFE.search(text)
    return match.group() if match else None


def _unsafe_problem(place: Place, character: str) -> Problem:
    message = f"text contains the invisible character U+{ord(character):04X}"
    return Problem(place, "text-unsafe", message, "remove it")


def _syntax_problem(path: str, error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    place = Place(path, mark.line + 1, mark.column + 1) if mark else Place(path)
    message = getattr(error, "problem", None) or "not readable as YAML"
    context = getattr(error, "context", None)
    hint = None
    if "mapping values are not allowed" in message or "cannot start any token" in message:
        hint = "quote a text that contains `: `, or that starts with one of @ ` % { [ * & ! |"
    return Problem(place, "yaml-syntax", f"{context}, {message}" if context else message, hint)


class _UnreadableError(Exception):
    """Reading cannot go on."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.message)


_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_YAML_1_1_BOOLEANS = frozenset({"y", "n", "yes", "no", "on", "off"})
_NUMBER = re.compile(
    r"[-+]?(\d+|\d*\.\d+|\d+\.\d*)([eE][-+]?\d+)?|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?\.inf|\.nan", re.I | re.ASCII
)
_MISREAD_NUMBER = re.compile(r"[-+]?0\d[\d_]*|[-+]?\d[\d_]*_[\d_]*(\.\d*)?|0o[0-7]+|0x[0-9a-fA-F]+|0b[01_]+", re.ASCII)


class _Reader:
    """Turns the events of one document into values."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.spans: dict[int, dict[str | int, Span]] = {}
        self.problems: list[Problem] = []
        self._events: Iterator[Any] = iter(())
        self._anchors: dict[str, tuple[Any, Span, int]] = {}
        self._values = 0
        self._kept: list[Any] = []  # ids in `spans` stay unique while their objects live

    def read(self, text: str) -> tuple[Any, Span]:
        self._events = yaml.parse(text, Loader=yaml.CSafeLoader)
        next(self._events)
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            raise _UnreadableError(
                Problem(Place(self.path), "yaml-syntax", "file is empty", "write an action, or delete it")
            )
        value, span = self._value(next(self._events), 0)
        next(self._events)
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            message = "a second document starts here; a file holds one"
            raise _UnreadableError(Problem(self._place(after), "yaml-syntax", message, "move it to a file of its own"))
        return value, span

    def _value(self, event: Any, depth: int) -> tuple[Any, Span]:
        self._count(event, 1)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if event.tag is not None and event.tag != "!":
            message = f"the tag {event.tag} is not part of the language"
            self.problems.append(Problem(self._place(event), "yaml-tag", message, "remove the tag"))
        if isinstance(event, yaml.ScalarEvent):
            value, span = self._scalar(event)
        elif depth >= MOST_DEPTH:
            raise _UnreadableError(self._limit(event, f"values are nested more than {MOST_DEPTH} deep"))
        else:
            before = self._values
            read = self._mapping if isinstance(event, yaml.MappingStartEvent) else self._sequence
            value, span = read(depth), Span(_extent(event))
            if event.anchor:
                self._anchors[event.anchor] = value, span, self._values - before
        if event.anchor:
            self._anchors.setdefault(event.anchor, (value, span, 1))
        return value, span

    def _mapping(self, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        spans: dict[str | int, Span] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event, depth)
            value, span = self._value(next(self._events), depth + 1)
            if key in mapping:
                self._duplicate(event, key, spans[key])
                continue
            mapping[key] = value
            spans[key] = Span(span.value, _extent(event), span.plain)
        self._keep(mapping, spans)
        return mapping

    def _key(self, event: Any, depth: int) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            raise _UnreadableError(
                Problem(self._place(event), "yaml-syntax", "a key must be a text", "write key: value")
            )
        self._count(event, 1)
        if event.value == "<<" and not event.style:
            message = "merge keys (<<) are not part of the language"
            self.problems.append(Problem(self._place(event), "yaml-tag", message, "write the keys out"))
        elif not event.style and event.value.lower() in _YAML_1_1_BOOLEANS:
            self._ambiguous(event)
        self._check_text(event)
        return str(event.value)

    def _duplicate(self, event: Any, key: str, first: Span) -> None:
        line, column, length = first.key or first.value
        related = Place(self.path, line + 1, column + 1, length)
        message = f"the key `{key}` is given twice; the first is on line {line + 1}"
        problem = Problem(self._place(event), "yaml-duplicate-key", message, "keep one of them", (related,))
        self.problems.append(problem)

    def _sequence(self, depth: int) -> list[Any]:
        items: list[Any] = []
        spans: dict[str | int, Span] = {}
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            value, span = self._value(event, depth + 1)
            spans[len(items)] = span
            items.append(value)
        self._keep(items, spans)
        return items

    def _keep(self, container: Any, spans: dict[str | int, Span]) -> None:
        self.spans[id(container)] = spans
        self._kept.append(container)

    def _alias(self, event: Any) -> tuple[Any, Span]:
        if event.anchor not in self._anchors:
            message = f"the alias *{event.anchor} stands inside the value it names, or names nothing"
            raise _UnreadableError(Problem(self._place(event), "yaml-limit", message, "write the value out"))
        value, span, size = self._anchors[event.anchor]
        self._count(event, size)
        return value, Span(_extent(event), None, span.plain)

    def _scalar(self, event: Any) -> tuple[Any, Span]:
        self._check_text(event)
        text: str = event.value
        if event.style or event.tag == "!":
            return text, Span(_extent(event))
        return self._plain(event, text), Span(_extent(event), None, text)

    def _plain(self, event: Any, text: str) -> Any:
        if text in _BOOLEANS:
            return _BOOLEANS[text]
        if text in _NULLS:
            return None
        if text.lower() in _YAML_1_1_BOOLEANS or _MISREAD_NUMBER.fullmatch(text):
            self._ambiguous(event)
            return text
        return self._number(event, text) if _NUMBER.fullmatch(text) else text

    def _number(self, event: Any, text: str) -> int | float | str:
        """Return a number; one without a fraction is an int however it is written, as JSON has one kind of number."""
        is_integer = text.lstrip("-+").isdigit()
        try:
            number = int(text) if is_integer else float(text.replace(".inf", "inf").replace(".nan", "nan"))
        except ValueError:
            return text
        is_held = abs(number) <= LARGEST_INTEGER if is_integer else math.isfinite(number)
        if not is_held:
            message = f"the number {text} cannot be held exactly by every reader"
            hint = f'use a smaller number, or quote it as a text: "{text}"'
            self.problems.append(Problem(self._place(event), "yaml-ambiguous", message, hint))
            return text
        return int(number) if number == int(number) and abs(number) <= LARGEST_INTEGER else number

    def _ambiguous(self, event: Any) -> None:
        text = event.value
        is_word = text.lower() in _YAML_1_1_BOOLEANS
        message = (
            f"unquoted {text} is read as {'a boolean' if is_word else 'different numbers'} by some readers of YAML"
        )
        word = "true" if text.lower() in {"y", "yes", "on"} else "false"
        other = f", or {word} for the boolean" if is_word else ""
        self.problems.append(
            Problem(self._place(event), "yaml-ambiguous", message, f'write "{text}" for the text{other}')
        )

    def _check_text(self, event: Any) -> None:
        if event.style == '"' and (character := unsafe_character(event.value)) is not None:
            self.problems.append(_unsafe_problem(self._place(event), character))

    def _count(self, event: Any, size: int) -> None:
        self._values += size
        if self._values > MOST_VALUES:
            raise _UnreadableError(self._limit(event, f"file holds more than {MOST_VALUES:,} values, aliases expanded"))

    def _limit(self, event: Any, message: str) -> Problem:
        return Problem(self._place(event), "yaml-limit", message, "make it smaller")

    def _place(self, event: Any) -> Place:
        line, column, length = _extent(event)
        return Place(self.path, line + 1, column + 1, max(length, 1))


def _extent(event: Any) -> tuple[int, int, int]:
    start, end = event.start_mark, event.end_mark
    return start.line, start.column, end.column - start.column if end.line == start.line else 1
