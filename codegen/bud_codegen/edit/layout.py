"""Spaces: none at the end of a line, and two before the dashes of a list under a key."""

from collections import Counter
from collections.abc import Iterator

from bud_codegen.edit.segments import end_of, indent_of, is_blank, is_comment
from bud_codegen.edit.tree import Node, read_tree

DASH_INDENT = 2
"""Columns from a key to the dashes of its list."""


def trimmed(text: str) -> str:
    """Return a text without spaces at the ends of lines, those inside of texts kept."""
    inside = {line for node in _nodes(read_tree(text)) for line in _lines_that_end_inside(node)}
    lines = text.splitlines(keepends=True)
    return "".join(line if number in inside else _trimmed(line) for number, line in enumerate(lines))


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for pair in node.pairs:
        yield from _nodes(pair.key)
        yield from _nodes(pair.value)
    for item in node.items:
        yield from _nodes(item)


def _lines_that_end_inside(node: Node) -> range:
    """Return the lines whose ends are part of a text; of a block text, also the blank lines that follow."""
    if node.is_block_text:
        return range(node.start.line + 1, node.last_line + 1)
    return range(node.start.line, node.end.line if node.kind == "scalar" else node.start.line)


def _trimmed(line: str) -> str:
    content = line.rstrip("\r\n")
    return content.rstrip(" \t") + line[len(content) :]


def indented(text: str) -> str:
    """Return a text whose lists under keys start two columns right of the key; what is in them moves along.

    All stays as it is if some line has too few spaces to be moved to the left.
    """
    lines = text.splitlines(keepends=True)
    shifts: Counter[int] = Counter()
    for node in _nodes(read_tree(text)):
        for numbers, shift in _shifts(lines, node):
            shifts.update(dict.fromkeys(numbers, shift))
    if any(_is_too_short(lines[number], shift) for number, shift in shifts.items()):
        return text
    return "".join(_shifted(line, shifts[number]) for number, line in enumerate(lines))


def _shifts(lines: list[str], node: Node) -> Iterator[tuple[range, int]]:
    """Yield the lines of lists in a block mapping that stand in another column, and how far they have to go."""
    for pair in () if node.is_flow else node.pairs:
        column = pair.key.start.column
        if pair.value.kind == "sequence" and not pair.value.is_flow:
            inside = range(pair.key.last_line + 1, end_of(lines, pair.last_line, column))
            dash = next(line for line in (lines[number] for number in inside) if line.lstrip(" ").startswith("-"))
            if shift := column + DASH_INDENT - indent_of(dash):
                yield inside, shift


def _is_too_short(line: str, shift: int) -> bool:
    return not is_blank(line) and not is_comment(line) and indent_of(line) + shift < 0


def _shifted(line: str, shift: int) -> str:
    if not line.strip("\r\n") or not shift:
        return line
    return " " * shift + line if shift > 0 else line[min(-shift, indent_of(line)) :]
