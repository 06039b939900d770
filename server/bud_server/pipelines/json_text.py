"""Read JSON and remember where each key and value stands, as the reader of YAML does."""

import json
import re
from bisect import bisect_right
from json import JSONDecodeError
from typing import Any

from bud_codegen.load import Document, Span
from bud_codegen.problem import Place, Problem

_DECODER = json.JSONDecoder()
_SPACE = re.compile(r"[ \t\n\r]*")
_WORD = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w.])|true\b|false\b|null\b", re.ASCII)


def load_json(name: str, text: str, *, most_depth: int) -> Document:
    """Read one file; what is wrong with it is in the document's `problems`, never raised."""
    reader = _Reader(name, text, most_depth)
    try:
        data, root = reader.read()
    except JSONDecodeError as error:
        hint = "write JSON (RFC 8259): double quotes, no trailing commas, no comments"
        return Document(name, None, (Problem(Place(name, error.lineno, error.colno), "yaml-syntax", error.msg, hint),))
    return Document(name, data, tuple(reader.problems), reader.spans, root)


class _Reader:
    def __init__(self, name: str, text: str, most_depth: int) -> None:
        self.spans: dict[int, dict[str | int, Span]] = {}
        self.problems: list[Problem] = []
        self._name = name
        self._text = text
        self._most_depth = most_depth
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]
        self._kept: list[Any] = []  # ids in `spans` stay unique while their objects live

    def read(self) -> tuple[Any, Span]:
        value, start, end = self._value(0, 0)
        after = self._skip(end)
        if after < len(self._text):
            raise JSONDecodeError("nothing may follow the value", self._text, after)
        return value, Span(self._extent(start, end))

    def _value(self, at: int, depth: int) -> tuple[Any, int, int]:
        """Return a value, where it starts and where it ends."""
        at = self._skip(at)
        first = self._text[at : at + 1]
        if first in ("{", "[") and first:
            if depth >= self._most_depth:
                raise JSONDecodeError(f"values are nested more than {self._most_depth} deep", self._text, at)
            value, end = (self._object if first == "{" else self._array)(at + 1, depth + 1)
            return value, at, end
        if first == '"':
            value, end = _DECODER.raw_decode(self._text, at)
            return value, at, end
        match = _WORD.match(self._text, at)
        if match is None:
            raise JSONDecodeError("a value is expected here", self._text, at)
        return self._scalar(match.group(), at), at, match.end()

    def _scalar(self, word: str, at: int) -> Any:
        try:
            return json.loads(word)
        except ValueError as error:  # more digits than Python reads
            raise JSONDecodeError("the number is too large", self._text, at) from error

    def _object(self, at: int, depth: int) -> tuple[dict[str, Any], int]:
        members: dict[str, Any] = {}
        spans: dict[str | int, Span] = {}
        at = self._skip(at)
        while self._text[at : at + 1] != "}":
            at = self._separated(at, bool(spans))
            if self._text[at : at + 1] != '"':
                raise JSONDecodeError("a key in double quotes is expected here", self._text, at)
            key, key_end = _DECODER.raw_decode(self._text, at)
            colon = self._skip(key_end)
            if self._text[colon : colon + 1] != ":":
                raise JSONDecodeError("a colon is expected here", self._text, colon)
            value, start, end = self._value(colon + 1, depth)
            key_extent = self._extent(at, key_end)
            if key in members:
                self._repeated(key, key_extent)
            else:
                members[key], spans[key] = value, Span(self._extent(start, end), key_extent)
            at = self._skip(end)
        self._keep(members, spans)
        return members, at + 1

    def _array(self, at: int, depth: int) -> tuple[list[Any], int]:
        items: list[Any] = []
        spans: dict[str | int, Span] = {}
        at = self._skip(at)
        while self._text[at : at + 1] != "]":
            value, start, end = self._value(self._separated(at, bool(items)), depth)
            spans[len(items)] = Span(self._extent(start, end))
            items.append(value)
            at = self._skip(end)
        self._keep(items, spans)
        return items, at + 1

    def _separated(self, at: int, is_after_another: bool) -> int:
        if not is_after_another:
            return at
        if self._text[at : at + 1] != ",":
            raise JSONDecodeError("a comma or the end of the list or object is expected here", self._text, at)
        return self._skip(at + 1)

    def _repeated(self, key: str, extent: tuple[int, int, int]) -> None:
        line, column, length = extent
        place = Place(self._name, line + 1, column + 1, length)
        self.problems.append(
            Problem(place, "yaml-duplicate-key", f"the key `{key}` is given twice", "keep one of them")
        )

    def _keep(self, container: Any, spans: dict[str | int, Span]) -> None:
        self.spans[id(container)] = spans
        self._kept.append(container)

    def _skip(self, at: int) -> int:
        match = _SPACE.match(self._text, at)
        return match.end() if match else at

    def _extent(self, start: int, end: int) -> tuple[int, int, int]:
        line = bisect_right(self._starts, start) - 1
        return line, start - self._starts[line], end - start
