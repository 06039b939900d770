"""What changed about the params of an action: executors read them, pipelines and frontends write them."""

import hashlib
import json
from collections.abc import Iterator

from bud_codegen.diff.absence import absence
from bud_codegen.diff.conditions import condition_findings
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
    takes_null,
    tells_whole_numbers,
)
from bud_codegen.model import Action
from bud_schemas.values import is_same

Found = Iterator[Finding]
LONGEST_DEFAULT = 60
"""Characters of a default that a message shows."""


def param_findings(pair: Pair) -> Found:
    """Yield what changed about params, one by one."""
    old, new = _indexed(pair.old), _indexed(pair.new)
    renamed = {
        param["renamed_from"]: name
        for name, (_, param) in new.items()
        if name not in old and param["renamed_from"] in old and param["renamed_from"] not in new
    }
    for name, (index, param) in new.items():
        if name not in old and name not in renamed.values():
            yield from _added(Topic(pair, f"params.{name}", None, ("params", index)), param)
    for name, (index, param) in old.items():
        heir = renamed.get(name, name)
        if heir in new and is_as_before(param, new[heir][1]):
            continue
        if heir in new:
            topic = Topic(pair, f"params.{heir}", ("params", index), ("params", new[heir][0]))
            yield from _changed(topic, param, new[heir][1])
        else:
            topic = Topic(pair, f"params.{name}", ("params", index), None)
            yield from _removed(topic, param, [each for key, (_, each) in new.items() if key not in old])


def _indexed(action: Action) -> dict[str, tuple[int, Document]]:
    return {param["name"]: (index, param) for index, param in enumerate(action.meta["params"])}


def _added(topic: Topic, param: Document) -> Found:
    name, is_required = param["name"], param["required"]
    pipelines = ERROR if is_required else INFO
    frontends = (DANGER if param["show_when"] else ERROR) if is_required else INFO
    if name in _reserved(topic.pair.old):
        message = f"`{name}` comes back: it was removed before, and stored steps may still give it as it was then"
        verdicts = max(pipelines, DANGER), DANGER, max(frontends, DANGER)
        yield topic.finding("name-reused", message, *verdicts, at=("name",), bump=Bump.major)
    elif is_required:
        message = f"`{name}` is new and must be given{' where it is shown' if param['show_when'] else ''}"
        hint = "give it a default, or do not require it, and stored steps stay valid"
        yield topic.finding("param-added-required", message, pipelines, INFO, frontends, hint=hint)
    else:
        yield topic.finding("param-added", f"`{name}` is new and may be left out")


def _reserved(action: Action) -> list[str]:
    reserved: list[str] = (action.meta["reserved"] or {}).get("params", [])
    return reserved


def _removed(topic: Topic, param: Document, added: list[Document]) -> Found:
    name = param["name"]
    alike = [each["name"] for each in added if each["type"] == param["type"]]
    is_reserved = name in _reserved(topic.pair.new)
    rule = "param-removed" if is_reserved else "param-removed-unreserved"
    hint = None if is_reserved else f"list {name} under reserved.params, so that it cannot come back as something else"
    if len(alike) == 1:
        hint = f"if `{alike[0]}` is `{name}` under another name, write renamed_from: {name} there"
    yield topic.finding(rule, f"`{name}` is gone", ERROR, ERROR, ERROR, hint=hint)


def _changed(topic: Topic, old: Document, new: Document) -> Found:
    yield from _name_findings(topic, old, new)
    yield from _type_findings(topic, old, new)
    yield from _presence_findings(topic, old, new)
    yield from condition_findings(topic, old, new, absence(topic.pair, old, new))
    yield from _secret_findings(topic, old, new)
    yield from deprecation_findings(topic, old["deprecated"], new["deprecated"])


def _name_findings(topic: Topic, old: Document, new: Document) -> Found:
    former, name = old["renamed_from"], new["name"]
    if old["name"] != name:
        message = f"`{old['name']}` is called `{name}` now; steps may still give it as `{old['name']}`"
        yield topic.finding("param-renamed", message, INFO, ERROR, ERROR, at=("name",), bump=Bump.minor)
    if former and former != new["renamed_from"]:
        message = f"`{former}`, an earlier name of `{name}`, is no longer understood"
        hint = f"keep renamed_from: {former} as long as stored steps use it"
        yield topic.finding("param-old-name-removed", message, ERROR, INFO, DANGER, at=("renamed_from",), hint=hint)
    if new["renamed_from"] not in (None, former, old["name"]):
        message = f"steps may give `{name}` as `{new['renamed_from']}` too"
        yield topic.finding("param-old-name-added", message, at=("renamed_from",))


# Types and bounds


def _type_findings(topic: Topic, old: Document, new: Document) -> Found:
    before = topic.pair.old.params_schema["properties"][old["name"]]
    after = topic.pair.new.params_schema["properties"][new["name"]]
    found = list(differences(before, after))
    if old["type"] == new["type"]:
        if new["ref_type"] != old["ref_type"]:
            yield _ref_type(topic, old, new)
        yield from (_difference_finding(topic, old, new, each) for each in found)
    elif found:
        yield _whole_type(topic, old, new, found)
    elif old["ref_type"] and new["ref_type"]:
        yield _ref_type(topic, old, new)
    else:
        message = f"`{new['name']}` was a {old['type']} and is a {new['type']}, which takes the same values"
        yield topic.finding("param-field-changed", message, at=("type",))


def _ref_type(topic: Topic, old: Document, new: Document) -> Finding:
    was, is_ = old["ref_type"] or "nothing", new["ref_type"] or "nothing"
    message = f"`{new['name']}` pointed at {was} and points at {is_}"
    return topic.finding("param-ref-type-changed", message, DANGER, DANGER, DANGER, at=("ref_type",))


def _whole_type(topic: Topic, old: Document, new: Document, found: list[Difference]) -> Finding:
    """Sum up all that another type of param brings."""
    relations = {each.relation for each in found}
    relation = relations.pop() if len(relations) == 1 else "changed"
    verdicts = Verdicts(
        *(max(each) for each in zip(*(_verdicts(topic.pair, each, old, new) for each in found), strict=True))
    )
    message = f"`{new['name']}` was a {old['type']} and is a {new['type']}: {found[0].message}"
    return topic.finding(f"param-type-{relation}", message, *verdicts, at=("type",))


def _difference_finding(topic: Topic, old: Document, new: Document, found: Difference) -> Finding:
    kind = found.kind.replace("value-", "option-")
    rule = kind if kind.startswith("member") else f"param-{kind}"
    if new["type"] == "json":
        part = topic
        for step in found.path:
            part = part.inside(step)
        keys: tuple[str, ...] = ("schema", *found.keys)
    else:
        part, keys = topic, _KEYS.get(found.keys[-1], ("type",))
    name = ".".join((new["name"], *found.path)) if new["type"] == "json" else new["name"]
    return part.finding(rule, f"`{name}`: {found.message}", *_verdicts(topic.pair, found, old, new), at=keys)


_KEYS = {
    "enum": ("options",),
    "minimum": ("validation", "min"),
    "maximum": ("validation", "max"),
    "minLength": ("validation", "min_length"),
    "maxLength": ("validation", "max_length"),
    "pattern": ("validation", "pattern"),
    "type": ("validation", "integer"),
}
"""Where a param says what its schema says under a keyword."""


def _verdicts(pair: Pair, found: Difference, old: Document, new: Document) -> Verdicts:
    if found.kind in ("null-allowed", "null-refused") and not found.path:
        return _of_whole_null(pair, found, old, new)
    if found.kind.startswith("type"):
        return _type_verdicts(found)
    if _is_about_empty_texts(found):
        return Verdicts()
    if found.kind == "null-allowed" and not found.is_required:
        return _VERDICTS[found.kind]._replace(executors=INFO)
    if found.kind.startswith("member-"):
        return _member_verdicts(found)
    return _VERDICTS[found.kind]


_VERDICTS = {
    "null-allowed": Verdicts(INFO, ERROR, DANGER),
    "null-refused": Verdicts(ERROR, INFO, ERROR),
    "value-added": Verdicts(INFO, DANGER, DANGER),
    "value-removed": Verdicts(ERROR, DANGER, ERROR),
    "bounds-tightened": Verdicts(ERROR, INFO, DANGER),
    "bounds-loosened": Verdicts(INFO, DANGER, INFO),
    "pattern-added": Verdicts(DANGER, INFO, DANGER),
    "pattern-removed": Verdicts(INFO, DANGER, INFO),
    "pattern-changed": Verdicts(DANGER, DANGER, DANGER),
    "members-closed": Verdicts(ERROR, DANGER, ERROR),
    "members-opened": Verdicts(INFO, DANGER, INFO),
}


def _is_about_empty_texts(found: Difference) -> bool:
    """Whether a bound refuses the empty text as a whole param, which counts as absent anyway."""
    is_shortest = not found.path and found.keys[-1:] == ("minLength",)
    return is_shortest and max(found.before.get("minLength", 0), found.after.get("minLength", 0)) <= 1


def _of_whole_null(pair: Pair, found: Difference, old: Document, new: Document) -> Verdicts:
    """Judge null as a whole param, which counts as absent; where a step may leave it out, frontends write it anyway."""
    is_needed = new["required"] and not new["show_when"]
    if found.kind == "null-allowed":
        return Verdicts(INFO, absence(pair, old, new), DANGER if is_needed else INFO)
    return Verdicts(INFO, INFO, ERROR if is_needed else INFO)


def _type_verdicts(found: Difference) -> Verdicts:
    """Judge another type, which is the same in TypeScript if only whole numbers are told from others."""
    is_number = tells_whole_numbers(found.before, found.after)
    is_reshaped = shape_of(found.before) != shape_of(found.after) and not is_anything(found.before)
    if found.relation == "narrowed":
        executors = ERROR if is_reshaped else DANGER if is_anything(found.before) else INFO
        return Verdicts(ERROR, executors, DANGER if is_number else ERROR)
    if found.relation == "widened":
        is_lenient = is_anything(found.after) and not holds_records(found.before)
        return Verdicts(INFO, DANGER if is_lenient else ERROR, INFO if is_number else DANGER)
    return Verdicts(ERROR, DANGER if passes_in_python(found.after, found.before) else ERROR, ERROR)


def _member_verdicts(found: Difference) -> Verdicts:
    if found.kind == "member-added":
        breaks = ERROR if found.is_required or (found.is_open and not is_anything(found.after)) else INFO
        return Verdicts(breaks, INFO, breaks)
    if found.kind == "member-removed":
        return Verdicts(INFO, ERROR, DANGER) if found.is_open else Verdicts(ERROR, ERROR, ERROR)
    if found.kind == "member-became-required":
        return Verdicts(ERROR, INFO, ERROR)
    was_null = takes_null(found.before) and not is_anything(found.before)
    return Verdicts(INFO, DANGER if was_null else ERROR, DANGER)


# Whether a step must give it, and what it is otherwise


def _presence_findings(topic: Topic, old: Document, new: Document) -> Found:
    name = new["name"]
    executors = absence(topic.pair, old, new)
    if new["required"] and not old["required"]:
        frontends = DANGER if new["show_when"] else ERROR
        message = f"`{name}` must be given now"
        yield topic.finding("param-became-required", message, ERROR, INFO, frontends, at=("required",))
    elif old["required"] and not new["required"]:
        frontends = INFO if old["show_when"] else DANGER
        instead = f"; it is {_default(new)} then" if "default" in new else ""
        message = f"`{name}` may be left out now{instead}"
        hint = None if executors is INFO else "give it a default, and executors get a value as before"
        yield topic.finding("param-became-optional", message, INFO, executors, frontends, at=("required",), hint=hint)
    elif not new["required"]:
        yield from _default_findings(topic, old, new, executors)


def _default_findings(topic: Topic, old: Document, new: Document, executors: Verdict) -> Found:
    name = new["name"]
    if "default" not in old and "default" in new:
        message = f"`{name}` is {_default(new)} where a step gives none; it was nothing"
        yield topic.finding("param-default-added", message, DANGER, at=("default",))
    elif "default" in old and "default" not in new:
        message = f"`{name}` is nothing where a step gives none; it was {_default(old)}"
        yield topic.finding("param-default-removed", message, DANGER, executors, DANGER, at=("default",))
    elif "default" in new and not is_same(old["default"], new["default"]) and old["type"] == new["type"]:
        message = f"`{name}` is {_default(new)} where a step gives none; it was {_default(old)}"
        yield topic.finding("param-default-changed", message, DANGER, executors, at=("default",))


def _default(param: Document) -> str:
    """Write a default, unless it is a secret; of a long one the beginning, and digits that tell it from others."""
    text = json.dumps(param["default"], ensure_ascii=False, sort_keys=True)
    if param["secret"]:
        return "a value"
    digits = hashlib.sha256(text.encode()).hexdigest()[:6]
    return text if len(text) <= LONGEST_DEFAULT else f"{text[:LONGEST_DEFAULT]}... ({digits})"


# Secrets


def _secret_findings(topic: Topic, old: Document, new: Document) -> Found:
    name = new["name"]
    if new["secret"] and not old["secret"]:
        message = f"`{name}` is a secret now: nobody can read it back from what is stored"
        yield topic.finding("param-secret-added", message, DANGER, INFO, DANGER, at=("secret",))
    elif old["secret"] and not new["secret"]:
        message = f"`{name}` is no secret any more: logs, answers and stored pipelines show it"
        yield topic.finding("param-secret-removed", message, DANGER, DANGER, DANGER, at=("secret",))
