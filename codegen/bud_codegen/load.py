"""Read YAML into plain JSON values and remember where each key and value stands.

The reading is YAML 1.2's core schema (https://yaml.org/spec/1.2.2/#103-core-schema) without its traps: words that
YAML 1.1 reads as booleans must be quoted, keys are texts and unique, tags and merge keys do not exist, and a file's
size, depth and number of values, aliases expanded, are bounded.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
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


Source = str | bytes | OSError
"""A file's content, or why it cannot be had."""


def load(path: str, source: Source) -> Document:
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
        return Document(path, None, (*reader.problems, _syntax_problem(path, text, error)))
    return Document(path, data, tuple(reader.problems), reader.spans, root)


def _decode(path: str, content: Source) -> str | Problem:
    if isinstance(content, OSError):
        message = f"file cannot be read: {content.strerror or content}"
        return Problem(Place(path), "yaml-syntax", message, "make it readable, or remove it")
    if len(content) > MOST_BYTES:
        return Problem(Place(path), "yaml-limit", f"file is larger than {MOST_BYTES // 1024} KiB", "split it up")
    try:
        source = content.decode("utf-8") if isinstance(content, bytes) else content
    except UnicodeDecodeError as error:
        place = _end_of(path, error.object[: error.start].decode("utf-8"))
        return Problem(place, "yaml-syntax", "file is not UTF-8 text", "save it as UTF-8")
    source = source.removeprefix("\ufeff")
    unsafe = unsafe_character(source)
    return source if unsafe is None else _unsafe_problem(_end_of(path, source[: source.index(unsafe)]), unsafe)


def _end_of(path: str, before: str) -> Place:
    """Return the place after a file's first characters."""
    return Place(path, before.count("\n") + 1, len(before) - before.rfind("\n"))


# Control characters, lone surrogates, line separators and everything that reorders the text around it (Unicode
# Standard Annex 9): none is seen by a reader, each is a way out of a comment or a string somewhere.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]"
)


def unsafe_character(text: str) -> str | None:
    """Return the first character that may not stand in an action file, escaped or not."""
    match = _UNSAFE.search(text)
    return match.group() if match else None


def _unsafe_problem(place: Place, character: str) -> Problem:
    message = f"text contains the invisible character U+{ord(character):04X}"
    return Problem(place, "text-unsafe", message, "remove it")


_INDENT = "start all keys of one mapping, and all items of one list, in the same column"
_QUOTE = "put the text in quotes"
_COLON = "write key: value, with a space after the colon"
_UNCLOSED = frozenset({"did not find expected ',' or ']'", "did not find expected ',' or '}'"})
_FAULTS = {
    "mapping values are not allowed in this context": (
        "a `:` is not expected here",
        f"put a text that contains `: ` in quotes; {_INDENT}",
    ),
    "block sequence entries are not allowed in this context": (
        "a list cannot start here",
        "start it on a line of its own; put a text that starts with `- ` in quotes",
    ),
    "did not find expected key": ("a key is expected here", f"{_INDENT}; put a text with quotes in it in quotes"),
    "did not find expected '-' indicator": ("a list item, which starts with -, is expected here", _INDENT),
    "did not find expected <document start>": ("this line does not belong to what stands above it", _INDENT),
    "could not find expected ':'": ("this line has no `: `", _COLON),
    "did not find expected alphabetic or numeric character": ("a plain text cannot start with * or &", _QUOTE),
    "did not find expected comment or line break": (
        "a plain text cannot start with | or >",
        "put the text in quotes, or start it on the next line",
    ),
    "found unknown escape character": (
        "a text in double quotes holds a backslash that means nothing there",
        "use single quotes, in which a backslash is only a backslash",
    ),
    "found unexpected end of stream": ("the text that starts here has no closing quote", "add the quote"),
    "did not find expected ',' or ']'": ("the list that starts here goes wrong", "separate items by commas; add the ]"),
    "did not find expected ',' or '}'": (
        "the mapping that starts here goes wrong",
        'separate keys by commas; add the }; put a text that starts with {{ in quotes: "{{ ... }}"',
    ),
}
"""What libyaml finds, in plain words, with a hint."""
_STARTS = frozenset({*_UNCLOSED, "found unexpected end of stream", "could not find expected ':'"})
"""Faults shown where the value that goes wrong starts."""


def _syntax_problem(path: str, text: str, error: yaml.YAMLError) -> Problem:
    found = getattr(error, "problem", None) or "not readable as YAML"
    mark = getattr(error, "context_mark" if found in _STARTS else "problem_mark", None)
    if mark is None:
        return Problem(Place(path), "yaml-syntax", found)
    context = getattr(error, "context", None)
    message, hint = _FAULTS.get(found, (f"{context}, {found}" if context else found, None))
    at_mark = text.split("\n")[mark.line][mark.column : mark.column + 1] if mark.line <= text.count("\n") else ""
    if at_mark == "\t":
        message, hint = "a tab stands where spaces are expected", "indent with spaces"
    elif found == "found character that cannot start any token":
        message, hint = f"a plain text cannot start with {at_mark}", _QUOTE
    return Problem(Place(path, mark.line + 1, mark.column + 1), "yaml-syntax", message, hint)


class _UnreadableError(Exception):
    """Reading cannot go on."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        super().__init__(problem.message)


_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_YAML_1_1_BOOLEANS = frozenset({"y", "n", "yes", "no", "on", "off"})
_LONGEST_WORD = 5
"""Longest of the words above; a text longer than that is no such word."""
_FIRST_OF_NUMBERS = "0123456789+-."
_NUMBER = re.compile(
    r"[-+]?(\d+|\d*\.\d+|\d+\.\d*)([eE][-+]?\d+)?|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?\.inf|\.nan", re.I | re.ASCII
)
_LOSES_ZEROS = re.compile(r"[-+]?\d*\.(\d*[1-9]0+|00+)", re.ASCII)
"""A number that is written with more digits than it has, as versions are."""
_MISREAD_NUMBER = re.compile(
    _LOSES_ZEROS.pattern
    + r"|[-+]?0\d[\d_]*|[-+]?\d[\d_]*_[\d_]*(\.\d*)?|0o[0-7]+|0x[0-9a-fA-F]+|0b[01_]+"  # other bases, separators
    r"|[-+]?\d+(:[0-5]?\d)+(\.\d*)?|\d{4}-\d\d?-\d\d?([Tt ].*)?"  # base 60, dates
    r"|[-+]?\d+(\.\d*)?[eE]\d+",  # an exponent without a sign
    re.ASCII,
)
"""What YAML 1.1 (https://yaml.org/type/) reads differently, and what loses digits."""


class _Reader:
    """Turns the events of one document into values."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.spans: dict[int, dict[str | int, Span]] = {}
        self.problems: list[Problem] = []
        self._events: Iterator[Any] = iter(())
        self._anchors: dict[str, tuple[Any, Span, int] | None] = {}  # None while the value is being read
        self._values = 0
        self._kept: list[Any] = []  # ids in `spans` stay unique while their objects live

    def read(self, text: str) -> tuple[Any, Span]:
        self._events = yaml.parse(text, Loader=yaml.CSafeLoader)
        next(self._events)
        event = next(self._events)
        if isinstance(event, yaml.StreamEndEvent):
            raise _UnreadableError(empty_problem(self.path))
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
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            message = f"the tag {tag} is not part of the language"
            self.problems.append(Problem(self._place(event), "yaml-tag", message, "remove the tag"))
        before = self._values
        if event.anchor:
            self._anchors[event.anchor] = None
        value, span = self._scalar(event) if isinstance(event, yaml.ScalarEvent) else self._container(event, depth)
        if event.anchor:
            self._anchors[event.anchor] = value, span, self._values - before
        return value, span

    def _container(self, event: Any, depth: int) -> tuple[Any, Span]:
        if depth >= MOST_DEPTH:
            message = f"values are nested more than {MOST_DEPTH} deep"
            raise _UnreadableError(self._limit(event, message, "use fewer levels"))
        read = self._mapping if isinstance(event, yaml.MappingStartEvent) else self._sequence
        return read(depth), Span(_extent(event))

    def _mapping(self, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        spans: dict[str | int, Span] = {}
        merged: list[Any] = []
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._key(event)
            value, span = self._value(next(self._events), depth + 1)
            if _is_merge(event):
                merged += value if isinstance(value, list) else [value]
                continue
            if key in mapping:
                self._duplicate(event, key, spans[key])
                continue
            mapping[key] = value
            spans[key] = Span(span.value, _extent(event), span.plain)
        self._merge(mapping, spans, merged)
        self._keep(mapping, spans)
        return mapping

    def _merge(self, mapping: dict[str, Any], spans: dict[str | int, Span], merged: Iterable[Any]) -> None:
        """Do what a merge key asks, so that its problem is not followed by one for each key that seems to miss."""
        for each in merged:
            for key, value in each.items() if isinstance(each, dict) else ():
                if key not in mapping:
                    mapping[key], spans[key] = value, self.spans[id(each)][key]

    def _key(self, event: Any) -> str:
        if isinstance(event, yaml.AliasEvent):
            message = f"the alias *{event.anchor} stands in place of a key"
            raise _UnreadableError(Problem(self._place(event), "yaml-syntax", message, "write the key out"))
        if not isinstance(event, yaml.ScalarEvent):
            message, hint = "a key must be a text", f"{_COLON}; put a text that starts with {{ or [ in quotes"
            raise _UnreadableError(Problem(self._place(event), "yaml-syntax", message, hint))
        self._count(event, 1)
        if _is_merge(event):
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
            message, hint = f"the alias *{event.anchor} names nothing", f"{_QUOTE}, or write the value out"
            raise _UnreadableError(Problem(self._place(event), "yaml-syntax", message, hint))
        anchored = self._anchors[event.anchor]
        if anchored is None:
            message = f"the alias *{event.anchor} stands inside the value that it names"
            raise _UnreadableError(Problem(self._place(event), "yaml-limit", message, "write the value out"))
        value, span, size = anchored
        self._count(event, size)
        return value, Span(_extent(event), None, span.plain)

    def _scalar(self, event: Any) -> tuple[Any, Span]:
        self._check_text(event)
        text: str = event.value
        if event.style or event.tag == "!":
            return text, Span(_extent(event))
        return self._plain(event, text), Span(_extent(event), None, text)

    def _plain(self, event: Any, text: str) -> Any:
        if text[:1] in _FIRST_OF_NUMBERS:
            return self._number(event, text) if text else None
        if len(text) > _LONGEST_WORD:
            return text
        if text in _BOOLEANS:
            return _BOOLEANS[text]
        if text in _NULLS:
            return None
        if text.lower() in _YAML_1_1_BOOLEANS:
            self._ambiguous(event)
        return text

    def _number(self, event: Any, text: str) -> int | float | str:
        """Return a number; one without a fraction is an int however it is written, as JSON has one kind of number."""
        if _MISREAD_NUMBER.fullmatch(text):
            self._ambiguous(event)
            return text
        if not _NUMBER.fullmatch(text):
            return text
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
        if is_word:
            what = "a boolean by some readers of YAML"
            other = f"{'true' if text.lower() in {'y', 'yes', 'on'} else 'false'} for the boolean"
        elif _LOSES_ZEROS.fullmatch(text):
            what, other = f"the number {float(text):g}", f"{float(text):g} for the number"
        else:
            what = "a text, a number or a time, as readers of YAML differ"
            other = "plain decimal digits, such as 10, for a number"
        message, hint = f"unquoted {text} is read as {what}", f'write "{text}" for the text, or {other}'
        self.problems.append(Problem(self._place(event), "yaml-ambiguous", message, hint))

    def _check_text(self, event: Any) -> None:
        if event.style == '"' and (character := unsafe_character(event.value)) is not None:
            self.problems.append(_unsafe_problem(self._place(event), character))

    def _count(self, event: Any, size: int) -> None:
        self._values += size
        if self._values > MOST_VALUES:
            message = f"file holds more than {MOST_VALUES:,} values, aliases expanded"
            raise _UnreadableError(self._limit(event, message, "use fewer values and aliases"))

    def _limit(self, event: Any, message: str, hint: str) -> Problem:
        return Problem(self._place(event), "yaml-limit", message, hint)

    def _place(self, event: Any) -> Place:
        line, column, length = _extent(event)
        return Place(self.path, line + 1, column + 1, max(length, 1))


def empty_problem(path: str) -> Problem:
    """Return the problem of a file that holds nothing."""
    return Problem(Place(path), "yaml-syntax", "file is empty", "write something in it, or delete the file")


def _is_merge(event: Any) -> bool:
    return event.value == "<<" and not event.style


def _extent(event: Any) -> tuple[int, int, int]:
    start, end = event.start_mark, event.end_mark
    return start.line, start.column, end.column - start.column if end.line == start.line else 1
