"""Put the keys of all objects into the order of their schema."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from bud_codegen.edit.segments import Segment, indent_of, is_comment, segments
from bud_codegen.edit.tree import Node, Pair, keeps_empty_lines, read_tree

Schema = Mapping[str, Any]
Keys = Sequence[str]


def ordered(text: str, schema: Schema) -> str:
    """Return a text whose objects give their keys in the order of a schema, with all lines and comments that it had.

    A mapping stays as it is where moving its keys would take apart what belongs together: explicit keys, comments
    between braces, and a last text that keeps the empty lines after it.
    """
    objects = list(_objects(read_tree(text), schema, schema))
    blocks = [(node, keys) for node, keys in objects if not node.is_flow and _can_be_ordered(text, node)]
    for node, keys in objects:
        if node.is_flow:
            text = _flow_ordered(text, node, keys)
    lines = text.splitlines(keepends=True)
    found = [(segments(lines, node), arranged(node.pairs, keys)) for node, keys in blocks]
    for each, order in found:
        _order_block(lines, each, order)
    return "".join(lines)


def _objects(node: Node, schema: Schema, root: Schema) -> Iterator[tuple[Node, Keys]]:
    """Yield the mappings whose keys have an order, inner ones first: moving those keeps the extent of outer ones."""
    schema = _resolved(schema, root)
    known = schema.get("properties", {})
    for pair in node.pairs:
        yield from _objects(pair.value, known.get(pair.key.value, schema.get("additionalProperties", {})), root)
    for item in node.items:
        yield from _objects(item, schema.get("items", {}), root)
    if known and node.pairs:
        yield node, list(known)


def _resolved(schema: object, root: Schema) -> Schema:
    if not isinstance(schema, Mapping):
        return {}
    if "$ref" in schema:
        resolved: Schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
        return resolved
    return next((_resolved(each, root) for each in schema.get("oneOf", ()) if "$ref" in each), schema)


def arranged(pairs: Sequence[Pair], keys: Keys) -> list[Pair]:
    """Return pairs in the order of keys, unknown ones last; an anchor stays before its aliases."""
    rank = {key: number for number, key in enumerate(keys)}
    waiting = sorted(enumerate(pairs), key=lambda each: rank.get(each[1].key.value, len(rank)))
    found = []
    while waiting:
        chosen = next(each for each in waiting if not any(_has_to_wait(each, other) for other in waiting))
        waiting.remove(chosen)
        found.append(chosen[1])
    return found


def _has_to_wait(each: tuple[int, Pair], other: tuple[int, Pair]) -> bool:
    return other[0] < each[0] and each[1].must_keep_its_side_of(other[1])


def _can_be_ordered(text: str, node: Node) -> bool:
    """Whether the keys of a block mapping stand first on their lines, dashes aside, and can stand elsewhere."""
    lines = text.splitlines()
    before = [lines[pair.first_line][: pair.key.start.column] for pair in node.pairs]
    starts_plainly = not before[0].strip(" \t-") and not any(each.strip(" ") for each in before[1:])
    return starts_plainly and not any(keeps_empty_lines(text, pair.value.last_leaf()) for pair in node.pairs)


def _flow_ordered(text: str, node: Node, keys: Keys) -> str:
    """Return the text with the pairs of `{...}` changed about; what stands between them stays where it is."""
    spans = [(pair.key.start.index, pair.end) for pair in node.pairs]
    edges = [node.start.index, *(edge for span in spans for edge in span), node.end.index]
    between = [text[start:end] for start, end in zip(edges[::2], edges[1::2], strict=True)]
    if any("#" in each or "?" in each for each in between):
        return text
    moved = [text[pair.key.start.index : pair.end] for pair in arranged(node.pairs, keys)]
    inner = "".join(gap + pair for gap, pair in zip(between, moved, strict=False))
    return text[: node.start.index] + inner + between[-1] + text[node.end.index :]


def _order_block(lines: list[str], found: Sequence[Segment], order: Sequence[Pair]) -> None:
    """Change the lines of the keys of a block mapping about, in place; as many as there were stand where they did."""
    first, last = found[0], found[-1]
    if all(segment.pair is pair for segment, pair in zip(found, order, strict=True)):
        return
    column = first.pair.key.start.column
    prefix = lines[first.body.start][:column]
    by_pair = {segment.pair: segment for segment in found}
    spaces = {pair: segment.space for pair, segment in by_pair.items()}
    spaces[order[0]], spaces[first.pair] = first.space, spaces[order[0]]
    moved: list[str] = []
    for pair in order:
        segment, is_first = by_pair[pair], pair is order[0]
        lead_column = indent_of(prefix) if is_first and prefix.strip() else column
        moved += [lines[number] for number in spaces[pair]]
        moved += [_aligned(lines[number], lead_column) for number in segment.lead]
        moved += [(prefix if is_first else " " * column) + lines[segment.body.start][column:]]
        moved += [lines[number] for number in segment.body[1:]]
    lines[first.lead.start : last.body.stop] = moved


def _aligned(line: str, column: int) -> str:
    """Move a comment that is indented deeper than its key to the left: below a block text it would be part of it."""
    return " " * column + line.lstrip(" \t") if is_comment(line) and indent_of(line) > column else line
