"""Rules on what an action tells those who use it."""

import re
from collections.abc import Iterator, Mapping

from bud_codegen.lint.scene import ActionCheck, items
from bud_codegen.load import Pointer
from bud_codegen.problem import Problem
from bud_codegen.validate.draft import Draft

FEWEST_WORDS = 2
_NOTE = re.compile(r"\b(TODO|FIXME|XXX|TBD)\b|[Ll]orem ipsum")
_WORD = re.compile(r"[^\W_]+")
_EMPTY_WORDS = frozenset({"the", "a", "an", "of", "to", "this", "for", "is", "its"})


def _param_descriptions(draft: Draft) -> Iterator[Problem]:
    return _descriptions(draft, "params")


def _output_descriptions(draft: Draft) -> Iterator[Problem]:
    return _descriptions(draft, "outputs")


def _descriptions(draft: Draft, key: str) -> Iterator[Problem]:
    kind = key[:-1]
    for _, index, item in items(draft, key):
        if "description" not in item:
            message = f"{kind} `{item['name']}` has no description"
            hint = "add description: what the value is for or means, with its unit"
            yield draft.problem(f"missing-{kind}-description", message, hint, key, index, "name")


def _example(draft: Draft) -> Iterator[Problem]:
    if not draft.examples:
        hint = "add examples: a title and the params of a real use; docs show it and the action's test runs it"
        yield draft.problem("missing-example", f"{draft.get('type')} has no example", hint, "type")


def _docs_url(draft: Draft) -> Iterator[Problem]:
    if draft.get("docs_url") is None:
        message = f"{draft.get('type')} says nowhere where to read more"
        yield draft.problem("missing-docs-url", message, "add docs_url: https://...", "type")


def _texts(draft: Draft) -> Iterator[tuple[Pointer, str, str]]:
    """Yield each description with its pointer and the label that stands above it."""
    if draft.get("description"):
        yield ("description",), draft.get("description"), draft.get("name") or ""
    for key, index, item in items(draft):
        if "description" in item:
            yield (key, index, "description"), item["description"], item.get("label") or item["name"]


def _short(draft: Draft) -> Iterator[Problem]:
    for pointer, text, label in _texts(draft):
        words = len(text.split())
        if words < FEWEST_WORDS and not _repeats(text, label):
            message = f'"{text.strip()}" tells a reader too little'
            yield draft.problem("description-too-short", message, "say it in a sentence, with the unit", *pointer)


def _repeating(draft: Draft) -> Iterator[Problem]:
    for pointer, text, label in _texts(draft):
        if _repeats(text, label):
            message = f'"{text.strip()}" says no more than "{label}"'
            hint = "say what cannot be seen: what it is for, where to find it, what happens without it"
            yield draft.problem("description-repeats-label", message, hint, *pointer)


def _repeats(text: str, label: str) -> bool:
    return len(text) < 2 * len(label) + 20 and _meaning(text) == _meaning(label)


def _meaning(text: str) -> set[str]:
    words = _WORD.findall(text.lower())
    return {word for word in words if word not in _EMPTY_WORDS}


def _notes(draft: Draft) -> Iterator[Problem]:
    for pointer, text in _all_texts(draft):
        found = _NOTE.search(text)
        if found:
            message = f'"{found.group()}" is left in a text that people read'
            yield draft.problem("todo-left", message, "do it, or say it in a comment", *pointer)


def _all_texts(draft: Draft) -> Iterator[tuple[Pointer, str]]:
    yield from _members(draft.document.data, (), "name", "description")
    for key, listed in (("params", draft.params), ("outputs", draft.outputs), ("examples", draft.examples)):
        for index, item in listed:
            yield from _members(item, (key, index), "label", "title", "description", "placeholder")
    for index, rule in draft.rules:
        yield ("rules", index, "message"), rule["message"]


def _members(item: Mapping[str, object], pointer: Pointer, *keys: str) -> Iterator[tuple[Pointer, str]]:
    for key in keys:
        text = item.get(key)
        if isinstance(text, str):
            yield (*pointer, key), text


CHECKS: dict[str, ActionCheck] = {
    "missing-param-description": _param_descriptions,
    "missing-output-description": _output_descriptions,
    "missing-example": _example,
    "missing-docs-url": _docs_url,
    "description-too-short": _short,
    "description-repeats-label": _repeating,
    "todo-left": _notes,
}
