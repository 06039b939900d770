"""Which lines belong to which key of a block mapping: comments above a key go with it, and so do those inside it."""

from collections.abc import Sequence
from typing import NamedTuple

from bud_codegen.edit.tree import Mark, Node, Pair

MODELINE = "yaml-language-server:"
"""What a comment on the first line says to an editor; it has to stay there."""


class Segment(NamedTuple):
    """The lines of one key, each range up to its end."""

    pair: Pair
    space: range
    """Empty lines before it."""
    lead: range
    """Comments above it, from the first one to the key."""
    body: range
    """The key's line, its value, and comments after it that are indented deeper than the key."""


def is_blank(line: str) -> bool:
    """Whether nothing can be seen on a line."""
    return not line.strip()


def is_comment(line: str) -> bool:
    """Whether a line holds nothing but a comment."""
    return line.lstrip(" \t").startswith("#")


def indent_of(line: str) -> int:
    """Return the number of spaces at the start of a line."""
    return len(line) - len(line.lstrip(" "))


def segments(lines: Sequence[str], mapping: Node) -> list[Segment]:
    """Return the lines of each key of a block mapping, in the order of the file."""
    found = []
    start = _start_of_first(lines, mapping.pairs[0].key.start)
    space_end = start
    for pair in mapping.pairs:
        end = end_of(lines, pair.last_line, pair.key.start.column)
        found.append(
            Segment(pair, range(start, space_end), range(space_end, pair.first_line), range(pair.first_line, end))
        )
        start = space_end = end
        while space_end < len(lines) and is_blank(lines[space_end]):
            space_end += 1
    return found


def end_of(lines: Sequence[str], last_line: int, column: int) -> int:
    """Return the line after a value and the comments after it that are indented deeper than its key."""
    end = last_line + 1
    for number in range(end, len(lines)):
        line = lines[number]
        if is_comment(line) and indent_of(line) > column:
            end = number + 1
        elif not is_blank(line):
            break
    return end


def _start_of_first(lines: Sequence[str], key: Mark) -> int:
    """Return where the comments right above a first key start; those above a dash belong to the item."""
    start = key.line
    while start > 0 and indent_of(lines[key.line]) >= key.column and is_comment(lines[start - 1]):
        if start == 1 and MODELINE in lines[0]:
            break
        start -= 1
    return start
