"""What changed about the outputs of an action: executors write them, pipelines and frontends read them."""

from collections.abc import Iterator

from bud_codegen.diff.finding import Bump, Finding, Verdict, Verdicts
from bud_codegen.diff.lifecycle import deprecation_findings
from bud_codegen.diff.topic import DANGER, ERROR, INFO, Document, Pair, Topic, is_as_before
from bud_codegen.diff.values import (
    Difference,
    differences,
    holds_records,
    is_anything,
    passes_in_python,
    shape_of,
    tells_whole_numbers,
)
from bud_codegen.model import Action

Found = Iterator[Finding]
ANY = "*"
"""The output that stands for any keys."""


def output_findings(pair: Pair) -> Found:
    """Yield what changed about outputs, one by one."""
    old, new = _indexed(pair.old), _indexed(pair.new)
    yield from _any_findings(pair, old, new)
    for name, (index, output) in new.items():
        if name not in old and name != ANY:
            yield _added(Topic(pair, f"outputs.{name}", None, ("outputs", index)), output)
    for name, (index, output) in old.items():
        if name in new and is_as_before(output, new[name][1]):
            continue
        if name in new:
            topic = Topic(pair, f"outputs.{name}", ("outputs", index), ("outputs", new[name][0]))
            yield from _changed(topic, output, new[name][1])
        elif name != ANY:
            yield _removed(Topic(pair, f"outputs.{name}", ("outputs", index), None), name, is_open=ANY in new)


def _indexed(action: Action) -> dict[str, tuple[int, Document]]:
    return {output["name"]: (index, output) for index, output in enumerate(action.meta["outputs"])}


def _any_findings(pair: Pair, old: dict[str, tuple[int, Document]], new: dict[str, tuple[int, Document]]) -> Found:
    if ANY in new and ANY not in old:
        topic = Topic(pair, "outputs.*", None, ("outputs", new[ANY][0]))
        yield topic.finding("output-any-added", "it may yield any keys", INFO, ERROR)
    elif ANY in old and ANY not in new:
        topic = Topic(pair, "outputs.*", ("outputs", old[ANY][0]), None)
        message = "it yields only the keys that are listed"
        yield topic.finding("output-any-removed", message, ERROR, ERROR, ERROR if new else DANGER)


def _added(topic: Topic, output: Document) -> Finding:
    name = output["name"]
    if name in (topic.pair.old.meta["reserved"] or {}).get("outputs", ()):
        message = f"`{name}` comes back: it was removed before, and stored steps may still read it as it was then"
        return topic.finding("name-reused", message, DANGER, ERROR, DANGER, at=("name",), bump=Bump.major)
    return topic.finding("output-added", f"`{name}` is new, and every executor must give it", INFO, ERROR)


def _removed(topic: Topic, name: str, *, is_open: bool) -> Finding:
    reserved = (topic.pair.new.meta["reserved"] or {}).get("outputs", ())
    is_reserved = name in reserved
    rule = "output-removed" if is_reserved else "output-removed-unreserved"
    hint = None if is_reserved else f"list {name} under reserved.outputs, so that it cannot come back as something else"
    return topic.finding(rule, f"`{name}` is gone", DANGER if is_open else ERROR, ERROR, ERROR, hint=hint)


def _changed(topic: Topic, old: Document, new: Document) -> Found:
    before, after = (
        action.outputs_schema["properties"].get(new["name"], {}) for action in (topic.pair.old, topic.pair.new)
    )
    for found in differences(before, after):
        yield _difference_finding(topic, old, new, found)
    yield from deprecation_findings(topic, old["deprecated"], new["deprecated"])


def _difference_finding(topic: Topic, old: Document, new: Document, found: Difference) -> Finding:
    part = topic
    for step in found.path:
        part = part.inside(step)
    kind = "pattern-changed" if found.kind.startswith("pattern") else found.kind
    rule = kind if kind.startswith("member") else f"output-{kind}"
    name = ".".join((new["name"], *found.path))
    verdicts = _verdicts(found)._replace(pipelines=_of_pipelines(found, old, new))
    return part.finding(rule, f"`{name}`: {found.message}", *verdicts, at=_keys(found, old, new))


def _keys(found: Difference, old: Document, new: Document) -> tuple[str, ...]:
    """Return the keys, below the output, that say what differs."""
    if found.keys == ("type",) and found.kind.startswith("null"):
        return ("nullable",)
    if found.keys == ("type",) and old["type"] != new["type"]:
        return ("type",)
    return ("schema", *found.keys)


def _of_pipelines(found: Difference, old: Document, new: Document) -> Verdict:
    """Judge for expressions: they are checked by the declared type, and by that alone."""
    if not found.path and old["type"] != new["type"] and new["type"] != "any":
        return ERROR
    return INFO if found.kind in _SAFE_TO_READ else DANGER


_SAFE_TO_READ = frozenset(
    {
        "type-narrowed",
        "null-refused",
        "value-removed",
        "bounds-tightened",
        "member-added",
        "member-became-required",
        "members-opened",
    }
)


def _verdicts(found: Difference) -> Verdicts:
    """Return what a difference means to executors and frontends."""
    if found.kind.startswith("type"):
        return _type_verdicts(found)
    if found.kind == "null-refused" and not found.is_required:
        return Verdicts()
    if found.kind == "member-added":
        return Verdicts(executors=ERROR if found.is_required else INFO)
    if found.kind == "member-became-optional" and is_anything(found.before):
        return Verdicts(frontends=DANGER)
    return _VERDICTS[found.kind]


_VERDICTS = {
    "null-allowed": Verdicts(frontends=ERROR),
    "null-refused": Verdicts(executors=ERROR),
    "value-added": Verdicts(frontends=DANGER),
    "value-removed": Verdicts(executors=ERROR, frontends=DANGER),
    "bounds-tightened": Verdicts(executors=DANGER),
    "bounds-loosened": Verdicts(frontends=DANGER),
    "pattern-added": Verdicts(executors=DANGER),
    "pattern-removed": Verdicts(frontends=DANGER),
    "pattern-changed": Verdicts(executors=DANGER, frontends=DANGER),
    "member-removed": Verdicts(executors=ERROR, frontends=ERROR),
    "member-became-required": Verdicts(executors=ERROR),
    "member-became-optional": Verdicts(frontends=ERROR),
    "members-closed": Verdicts(executors=DANGER, frontends=ERROR),
    "members-opened": Verdicts(),
}


def _type_verdicts(found: Difference) -> Verdicts:
    """Judge another type. In TypeScript whole numbers are numbers, and values may join a list of texts any time."""
    is_number = tells_whole_numbers(found.before, found.after)
    is_reshaped = shape_of(found.before) != shape_of(found.after)
    if found.relation == "narrowed":
        if is_anything(found.before):
            return Verdicts(executors=DANGER)
        return Verdicts(executors=ERROR, frontends=ERROR if is_reshaped else INFO)
    if found.relation == "widened":
        is_listed = found.keys[-1:] == ("enum",)
        is_wrong = holds_records(found.before) or (is_reshaped and not is_anything(found.after))
        executors = ERROR if is_wrong else INFO
        return Verdicts(executors=executors, frontends=DANGER if is_number or is_listed else ERROR)
    return Verdicts(executors=DANGER if passes_in_python(found.before, found.after) else ERROR, frontends=ERROR)
