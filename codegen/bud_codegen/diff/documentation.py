"""What changed about words and forms, and nothing else."""

from collections.abc import Iterator, Mapping
from typing import Any

from bud_codegen.diff.finding import Bump, Finding
from bud_codegen.diff.topic import Document, Pair, Topic, is_as_before
from bud_schemas.values import identity

Found = Iterator[Finding]
Items = Mapping[str, tuple[int, Document]]


def documentation_findings(pair: Pair) -> Found:
    """Yield which words, and which other things that only people see, are others."""
    topic, old, new = Topic(pair), pair.old.meta, pair.new.meta
    yield from _words(topic, _differing(old, new, ("name", "description", "docs_url", "examples")))
    yield from _form(topic, _differing(old, new, ("icon", "color")))
    for key, part_findings in (("params", _param), ("outputs", _output)):
        before, after = _indexed(old[key]), _indexed(new[key])
        for name in before.keys() & after.keys():
            if is_as_before(before[name][1], after[name][1]):
                continue
            part = Topic(pair, f"{key}.{name}", (key, before[name][0]), (key, after[name][0]))
            if repr(before[name][1]) != repr(after[name][1]):
                yield from part_findings(part, before[name][1], after[name][1])
        yield from _order(topic.inside(key, key), [*before], [*after])


def _indexed(items: list[Document]) -> dict[str, tuple[int, Document]]:
    return {item["name"]: (index, item) for index, item in enumerate(items)}


def _differing(old: Document, new: Document, keys: tuple[str, ...]) -> list[str]:
    return [key for key in keys if identity(old.get(key)) != identity(new.get(key))]


def _words(topic: Topic, keys: list[str]) -> Found:
    if keys:
        message = f"other words: {', '.join(keys)}"
        yield topic.finding("documentation-changed", message, at=(keys[0],), bump=Bump.patch)


def _form(topic: Topic, keys: list[str]) -> Found:
    if keys:
        message = f"it looks different: {', '.join(keys)}"
        yield topic.finding("form-changed", message, at=(keys[0],), bump=Bump.patch)


def _order(topic: Topic, old: list[str], new: list[str]) -> Found:
    if [name for name in old if name in new] != [name for name in new if name in old]:
        yield topic.finding("form-changed", "they stand in another order", bump=Bump.patch)


def _param(topic: Topic, old: Document, new: Document) -> Found:
    words = _differing(old, new, ("description",))
    words += _differing(old["validation"] or {}, new["validation"] or {}, ("pattern_message",))
    yield from _words(topic, words + _schema_words(old, new))
    yield from _form(topic, _differing(old, new, ("label", "placeholder", "group")) + _options(old, new))


def _output(topic: Topic, old: Document, new: Document) -> Found:
    words = _differing(old, new, ("description",)) + _schema_words(old, new)
    if old["type"] == new["type"] == "any":  # null is one of its values anyway
        words += _differing(old, new, ("nullable",))
    yield from _words(topic, words)


def _options(old: Document, new: Document) -> list[str]:
    """Say `options` if those that stayed stand in another order, or are called otherwise."""
    before, after = ({each["value"]: each for each in item["options"] or ()} for item in (old, new))
    stayed = [value for value in before if value in after]
    is_same = stayed == [value for value in after if value in before]
    return [] if is_same and all(before[value] == after[value] for value in stayed) else ["options"]


def _schema_words(old: Document, new: Document) -> list[str]:
    return ["schema"] if _differs_in_words(old.get("schema") or {}, new.get("schema") or {}) else []


def _differs_in_words(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether what both schemas hold is described otherwise, at any depth."""
    if any(old.get(key) != new.get(key) for key in ("title", "description")):
        return True
    pairs = [(old.get(key), new.get(key)) for key in ("items", "additionalProperties")]
    before, after = old.get("properties", {}), new.get("properties", {})
    pairs += [(before[name], after[name]) for name in before.keys() & after.keys()]
    return any(_differs_in_words(a, b) for a, b in pairs if isinstance(a, Mapping) and isinstance(b, Mapping))
