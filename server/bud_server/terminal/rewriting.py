"""Write upgraded steps into a pipeline's file; all around them stays as it was written."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bud_codegen.edit.amend import with_text
from bud_codegen.edit.text import Replacement, edited, replaced
from bud_codegen.edit.tree import Node, Pair, read_tree
from bud_codegen.edit.written import block_pair, flow_pair
from bud_codegen.load import load
from bud_schemas.migrations import Edit
from bud_server.pipelines.read import unwrapped
from bud_server.pipelines.upgrade import StepUpgrade, Upgraded

Document = Mapping[str, Any]


class RewriteError(Exception):
    """A file is written so that only a person can change it; the message says how."""


def rewritten(content: bytes, name: str, definition: Document, found: Upgraded) -> bytes:
    """Return a file's content with its definition upgraded; `name` decides between JSON and YAML.

    Raises RewriteError if steps share, through anchors, what only one of them changes.
    """
    if name.lower().endswith(".json"):
        return edited(content, lambda text: _rewritten_json(text, found.definition))[0]
    changed = edited(content, lambda text: replaced(text, _replacements(text, definition, found.steps)))[0]
    document = load(name, changed)
    if document.problems or unwrapped(document.data) != found.definition:
        raise RewriteError("steps share parts through anchors that do not change alike: write them out")
    return changed


def _rewritten_json(text: str, definition: Document) -> str:
    document = json.loads(text)
    inner: Any = unwrapped(document)
    inner["steps"] = definition["steps"]
    indent = re.search(r"[{\[]\s*?\n([ \t]+)", text)
    written = json.dumps(document, indent=indent[1] if indent else None, ensure_ascii=False)
    return written + text[len(text.rstrip()) :]


def _replacements(text: str, definition: Document, steps: Iterable[StepUpgrade]) -> set[Replacement]:
    """Return what to replace; steps that share a part ask for the same there."""
    root = read_tree(text)
    tree = _Tree(text, root)
    listed = tree.resolved((root.get("dag") or root).get("steps"))
    return {
        each
        for change in steps
        for each in tree.of_step(tree.resolved(listed.items[change.index]), definition["steps"][change.index], change)
    }


@dataclass(frozen=True, slots=True)
class _Param:
    """What becomes of a param that a step gives."""

    name: str
    value: Any
    is_dropped: bool = False


class _Tree:
    """A YAML text whose aliases are followed."""

    def __init__(self, text: str, root: Node) -> None:
        self._text = text
        self._anchored = {name: node for node in _nodes(root) if (name := self._anchor(node))}

    def _anchor(self, node: Node) -> str:
        found = re.match(r"&([^\s,\[\]{}]+)", self._text[node.start.index :]) if node.kind != "alias" else None
        return found[1] if found else ""

    def resolved(self, node: Node | None) -> Node:
        """Return what a node, or the anchor that it names, holds. Raises RewriteError if it is not written there."""
        if node is None:
            raise RewriteError("a part that changes is not written out: write it out")
        return self._anchored[next(iter(node.aliases))] if node.kind == "alias" else node

    def of_step(self, step: Node, before: Document, change: StepUpgrade) -> Iterator[Replacement]:
        """Yield what to replace for a step."""
        action = next(pair for pair in step.pairs if pair.key.value == "action")
        if change.after != change.before:
            yield with_text(self._text, self.resolved(action.value), change.after)
        if change.edits:
            params = next((pair for pair in step.pairs if pair.key.value == "params"), None)
            given = before.get("params") or {}
            old, new = _outcome(given, change.edits)
            if params is None:
                yield self._added(step, action, {"params": new})
            elif not given:
                yield self._value(params, new)
            else:
                yield from self._of_params(params, given, old, new)

    def _of_params(
        self, params: Pair, given: Document, old: Mapping[str, _Param], new: Document
    ) -> Iterator[Replacement]:
        mapping = self.resolved(params.value)
        if all(each.is_dropped for each in old.values()) and (mapping.is_flow or not new):
            yield self._value(params, new) if mapping is params.value else self._whole(mapping, new)
            return
        for index, pair in enumerate(mapping.pairs):
            fate = old[pair.key.value]
            if fate.is_dropped:
                yield self._removed(mapping, index, [old[each.key.value] for each in mapping.pairs[index + 1 :]])
                continue
            if fate.name != pair.key.value:
                yield with_text(self._text, pair.key, fate.name)
            yield from self._changed(pair, given[pair.key.value], fate.value)
        if new:
            kept = [pair for pair in mapping.pairs if not old[pair.key.value].is_dropped]
            yield self._added(mapping, kept[-1] if mapping.is_flow else mapping.pairs[-1], new)

    def _changed(self, pair: Pair, before: Any, after: Any) -> Iterator[Replacement]:
        """Yield what makes the value of a pair another one; items of lists change where they stand."""
        node = self.resolved(pair.value)
        if _same(before, after):
            return
        if isinstance(before, list) and isinstance(after, list) and node.kind == "sequence":
            for item, old, new in zip(node.items, before, after, strict=True):
                yield from self._changed(Pair(item, item), old, new)
        elif isinstance(after, str) and node.kind == "scalar" and node.start != node.end and _is_plain(node, after):
            yield with_text(self._text, node, after)
        elif pair.key is pair.value:
            yield Replacement(node.start.index, node.end.index, _text(after))
        else:
            yield self._value(pair, after)

    def _value(self, pair: Pair, value: Any) -> Replacement:
        """Write a value behind a key in place of what is there."""
        colon = self._text.index(":", pair.key.end.index) + 1
        end = max(colon, pair.value.end.index)
        line_break = "\n" if self._text[colon:end].endswith("\n") else ""
        return Replacement(colon, end, f" {_text(value)}{line_break}")

    def _whole(self, mapping: Node, value: Any) -> Replacement:
        return Replacement(mapping.start.index, mapping.end.index, f"&{self._anchor(mapping)} {_text(value)}")

    def _removed(self, mapping: Node, index: int, following: list[_Param]) -> Replacement:
        """Take a pair out: its lines, or in braces the comma beside it as well."""
        pair = mapping.pairs[index]
        if not mapping.is_flow:
            return Replacement(*self._lines(pair.first_line, pair.last_line), "")
        if any(not each.is_dropped for each in following):
            return Replacement(pair.key.start.index, mapping.pairs[index + 1].key.start.index, "")
        return Replacement(mapping.pairs[index - 1].end, pair.end, "")

    def _added(self, mapping: Node, behind: Pair, members: Document) -> Replacement:
        """Write new keys behind another one."""
        if mapping.is_flow:
            text = "".join(f", {flow_pair(key, value)}" for key, value in members.items())
            return Replacement(behind.end, behind.end, text)
        column = behind.key.start.column
        text = "".join(f"{block_pair(key, value, column)}\n" for key, value in members.items())
        _, end = self._lines(behind.first_line, behind.last_line)
        return Replacement(end, end, text)

    def _lines(self, first: int, last: int) -> tuple[int, int]:
        """Return where a line begins and where another one ends."""
        lines = self._text.splitlines(keepends=True)
        start = sum(len(line) for line in lines[:first])
        return start, start + sum(len(line) for line in lines[first : last + 1])


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for inner in (*(part for pair in node.pairs for part in pair), *node.items):
        yield from _nodes(inner)


def _outcome(given: Document, edits: Iterable[Edit]) -> tuple[dict[str, _Param], dict[str, Any]]:
    """Return what becomes of each param that is given, by its name before, and which ones are new."""
    now: dict[str, tuple[str | None, Any]] = {name: (name, value) for name, value in given.items()}
    for edit in edits:
        if edit.kind == "drop":
            del now[edit.name]
        elif edit.kind == "rename":
            now = {edit.value if name == edit.name else name: each for name, each in now.items()}
        else:
            now[edit.name] = (now[edit.name][0] if edit.name in now else None, edit.value)
    old = {name: _Param(name, None, is_dropped=True) for name in given}
    old |= {origin: _Param(name, value) for name, (origin, value) in now.items() if origin is not None}
    return old, {name: value for name, (origin, value) in now.items() if origin is None}


def _same(before: Any, after: Any) -> bool:
    return type(before) is type(after) and bool(before == after)


def _is_plain(node: Node, value: str) -> bool:
    """Whether a text can stand between the quotes that a scalar has, if any."""
    return node.style not in ("'", '"') or not re.search(r"['\"\\\x00-\x1f\x7f-\x9f]", value)


def _text(value: Any) -> str:
    return flow_pair("value", value).removeprefix("value: ")
