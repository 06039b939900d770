"""Where the parts of a YAML text stand."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import yaml


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A position; line, column and index are counted from 0, in code points."""

    line: int
    column: int
    index: int


@dataclass(slots=True, eq=False)
class Node:
    """A value of a text, or a key."""

    kind: Literal["scalar", "alias", "mapping", "sequence"]
    start: Mark
    end: Mark
    """Where its content ends; where that is a block text, the start of the line after it."""
    value: str = ""
    """What a scalar says."""
    style: str = ""
    """The first character of a scalar that is not plain: a quote, `|` or `>`."""
    is_flow: bool = False
    """Whether a mapping or sequence is written in braces or brackets."""
    pairs: "list[Pair]" = field(default_factory=list)
    items: "list[Node]" = field(default_factory=list)
    anchors: frozenset[str] = frozenset()
    """Names that it or anything in it gives."""
    aliases: frozenset[str] = frozenset()
    """Names that it or anything in it uses."""

    @property
    def is_block_text(self) -> bool:
        """Whether it is a literal or folded text, which ends with a line."""
        return self.style in ("|", ">")

    @property
    def last_line(self) -> int:
        """The last line with anything of it."""
        return self.end.line - 1 if self.last_leaf().is_block_text else self.end.line

    def last_leaf(self) -> "Node":
        """Return the scalar, alias or flow collection that stands last in it."""
        node = self
        while not node.is_flow and (node.pairs or node.items):
            node = node.pairs[-1].value if node.pairs else node.items[-1]
        return node

    def get(self, key: str) -> "Node | None":
        """Return the value under a key of a mapping, None if there is none."""
        return next((pair.value for pair in self.pairs if pair.key.value == key), None)

    def find(self, *pointer: str | int) -> "Node | None":
        """Return the value at a pointer; None if there is none, or if an alias stands for it."""
        node: Node | None = self
        for step in pointer:
            if node is None:
                return None
            node = node.get(step) if isinstance(step, str) else next(iter(node.items[step : step + 1]), None)
        return node


class Pair(NamedTuple):
    """A key with its value."""

    key: Node
    value: Node

    @property
    def first_line(self) -> int:
        """The line of its key."""
        return self.key.start.line

    @property
    def last_line(self) -> int:
        """The last line with anything of it."""
        return max(self.key.last_line, self.value.last_line)

    @property
    def end(self) -> int:
        """The index after it."""
        return max(self.key.end.index, self.value.end.index)

    def must_keep_its_side_of(self, other: "Pair") -> bool:
        """Whether one gives a name that the other gives or uses."""
        ours, theirs = self._names(), other._names()
        return bool(ours[0] & (theirs[0] | theirs[1]) or theirs[0] & ours[1])

    def _names(self) -> tuple[frozenset[str], frozenset[str]]:
        return self.key.anchors | self.value.anchors, self.value.aliases


def read_tree(text: str) -> Node:
    """Return the value of a text that `load` reads without a problem and that ends with a line break."""
    return _Reader(text).read()


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._events: Iterator[Any] = yaml.parse(text, Loader=yaml.CSafeLoader)

    def read(self) -> Node:
        next(self._events)
        next(self._events)
        return self._node(next(self._events))

    def _node(self, event: Any) -> Node:
        start = _mark(event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            return Node("alias", start, _mark(event.end_mark), aliases=frozenset([str(event.anchor)]))
        anchors = frozenset({event.anchor} if event.anchor else ())
        if isinstance(event, yaml.ScalarEvent):
            node = Node("scalar", start, _mark(event.end_mark), event.value, event.style or "", anchors=anchors)
            node.end = self._end_of_block_text(node) if node.is_block_text else node.end
            return node
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        node = Node("mapping" if is_mapping else "sequence", start, start, is_flow=event.flow_style, anchors=anchors)
        end = self._pairs(node) if is_mapping else self._items(node)
        inner = [part for pair in node.pairs for part in pair] + node.items
        node.anchors = anchors.union(*(each.anchors for each in inner))
        node.aliases = frozenset().union(*(each.aliases for each in inner))
        node.end = end if node.is_flow or not inner else max(each.end for each in inner[-2:])
        return node

    def _pairs(self, node: Node) -> Mark:
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            node.pairs.append(Pair(self._node(event), self._node(next(self._events))))
        return _mark(event.end_mark)

    def _items(self, node: Node) -> Mark:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            node.items.append(self._node(event))
        return _mark(event.end_mark)

    def _end_of_block_text(self, node: Node) -> Mark:
        """Return the end without the empty lines that follow, unless they are part of the text."""
        line, index = node.end.line, node.end.index
        if keeps_empty_lines(self._text, node):
            return Mark(line, 0, index)
        lines = self._text[node.start.index : index].splitlines(keepends=True)
        while len(lines) > 1 and not lines[-1].strip("\r\n"):
            line, index = line - 1, index - len(lines.pop())
        return Mark(line, 0, index)


def keeps_empty_lines(text: str, node: Node) -> bool:
    """Whether a node is a block text with `+`, to which the empty lines after it belong."""
    header = text[node.start.index :].partition("\n")[0].partition("#")[0]
    return node.is_block_text and "+" in header[header.index(node.style) :]


def _mark(mark: Any) -> Mark:
    return Mark(mark.line, mark.column, mark.index)
