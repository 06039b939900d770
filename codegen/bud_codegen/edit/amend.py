"""Changes of single values in an action file; all around them stays as it was written."""

import re
from collections.abc import Iterable

from bud_codegen.edit.segments import end_of
from bud_codegen.edit.text import Replacement
from bud_codegen.edit.tree import Node, Pair
from bud_codegen.edit.written import block_pair, flow_pair, text_item


def with_text(text: str, node: Node, value: str) -> Replacement:
    """Write another text in place of a scalar, with the quotes and the anchor that it has."""
    start, end = node.start.index, node.end.index
    anchor = re.match(r"&\S+\s+", text[start:end])
    quote = node.style if node.style in ("'", '"') else ""
    new = f"{quote}{value}{quote}" if quote else text_item(value)
    line_break = "\n" if node.is_block_text else ""
    return Replacement(start, end, f"{anchor.group() if anchor else ''}{new}{line_break}")


def with_pair(text: str, mapping: Node, key: str, value: object, keys: Iterable[str]) -> Replacement:
    """Write a new key into a mapping, behind the last of those that come before it in the order of `keys`."""
    order = list(keys)
    earlier = order[: order.index(key)]
    return _behind(text, mapping, [pair for pair in mapping.pairs if pair.key.value in earlier][-1], key, value)


def with_member(text: str, mapping: Node, key: str, value: object) -> Replacement:
    """Write a new last key into a mapping that has one or more."""
    return _behind(text, mapping, mapping.pairs[-1], key, value)


def _behind(text: str, mapping: Node, before: Pair, key: str, value: object) -> Replacement:
    if mapping.is_flow:
        return Replacement(before.end, before.end, f", {flow_pair(key, value)}")
    column = before.key.start.column
    return _new_lines(text, before.last_line, column, block_pair(key, value, column))


def with_item(text: str, sequence: Node, value: str) -> Replacement:
    """Write a new last item into a list of texts."""
    if sequence.is_flow:
        last = sequence.items[-1].end.index if sequence.items else text.index("[", sequence.start.index) + 1
        return Replacement(last, last, f"{', ' if sequence.items else ''}{text_item(value)}")
    last_item = sequence.items[-1]
    column = text.splitlines()[last_item.start.line].index("-")
    return _new_lines(text, last_item.last_line, column, f"{' ' * column}- {text_item(value)}")


def _new_lines(text: str, last_line: int, column: int, new: str) -> Replacement:
    lines = text.splitlines(keepends=True)
    index = sum(len(line) for line in lines[: end_of(lines, last_line, column)])
    return Replacement(index, index, f"{new}\n")
