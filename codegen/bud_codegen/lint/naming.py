"""Rules on names."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from bud_codegen.lint.scene import ActionCheck, items
from bud_codegen.problem import Problem
from bud_codegen.validate.draft import Draft

_VERB_LIST = (
    "add apply cancel check clone configure copy create delete deploy disable enable export fetch find get import "
    "install list load move notify post publish pull push put read remove rename reset restart restore resume run "
    "save scale send set start stop sync test train trigger update upload validate write"
)
_VERBS = frozenset(_VERB_LIST.split())
_LONG = {
    "addr": "address",
    "btn": "button",
    "cfg": "config",
    "cnt": "count",
    "conn": "connection",
    "desc": "description",
    "dest": "destination",
    "err": "error",
    "idx": "index",
    "mgr": "manager",
    "msg": "message",
    "nbr": "number",
    "pwd": "password",
    "qty": "quantity",
    "req": "request",
    "resp": "response",
    "svc": "service",
    "tmp": "temporary",
    "usr": "user",
    "val": "value",
}
_TIME = re.compile(r"(^|_)(timeout|duration|delay|interval|ttl|wait|latency|lifetime|max_age|backoff|cooldown)$")
_UNIT_IN_LABEL = re.compile(r"\([^)]+\)|%|\b(milliseconds|seconds|minutes|hours|days)\b", re.IGNORECASE)
_NEGATIVE = re.compile(r"^(is_|has_)?(no|not|non|without|disable|disabled|disallow|dont)(_|$)|^do_not_")
_PROMISES = (
    (re.compile(r"^(is|has|can|should)_|_enabled$"), frozenset({"boolean", "any", "json", "template"}), "a boolean"),
    (
        re.compile(r"_(count|seconds|minutes|hours|days|percent|bytes|ms)$"),
        frozenset({"number", "integer", "range", "select", "any", "template"}),
        "a number",
    ),
    (
        re.compile(r"_(name|url|uri|email|path)$"),
        frozenset({"string", "template", "select", "any", "ref"}),
        "a text",
    ),
    (
        re.compile(r"_id$"),
        frozenset({"string", "template", "select", "any", "ref", "number"}),
        "one id",
    ),
)
"""What the form of a name promises: the types that keep the promise, and how to say it."""
_PLURAL_LIST = (
    "children content criteria data feedback history info input json list media metadata output payload people range "
    "series set"
)
_PLURALS = frozenset(_PLURAL_LIST.split())
"""Last words of names that hold several values without ending in s."""
_STYLES = (re.compile(r"[^A-Z\s]+"), re.compile(r"[^a-z\s]+"))
"""Ways to write the values of a choice: without capitals, without small letters; neither has spaces."""


def _order(draft: Draft) -> Iterator[Problem]:
    action_type = draft.get("type") or ""
    first, _, rest = action_type.partition("_")
    if first in _VERBS and rest:
        message = f"{action_type} starts with what is done, so that it is listed far from its kin"
        yield draft.problem(
            "type-order", message, f"call it {rest}_{first}, and list {action_type} under aliases", "type"
        )


def _stutter(draft: Draft) -> Iterator[Problem]:
    action_type = draft.get("type") or ""
    is_phrase = "_" in action_type  # `notification_id` of `notification` is not said better in fewer words
    for key, index, item in items(draft):
        name = item["name"]
        rest = name.removeprefix(f"{action_type}_")
        if is_phrase and rest != name:
            message = f"`{name}` repeats the name of its action"
            yield draft.problem("stutter", message, f"call it {rest}", key, index, "name")
        for number, option in enumerate(item.get("options") or ()):
            short = option["value"].removeprefix(f"{name}_")
            if short != option["value"]:
                message = f"the option `{option['value']}` repeats the name of its param"
                pointer = (key, index, "options", number, "value")
                yield draft.problem("stutter", message, f"call it {short}", *pointer)


def _negative(draft: Draft) -> Iterator[Problem]:
    for key, index, item in items(draft):
        if item["type"] == "boolean" and _NEGATIVE.search(item["name"]):
            message = f"`{item['name']}: false` says no twice"
            yield draft.problem(
                "negative-boolean", message, "name what is the case when it is true", key, index, "name"
            )


def _mismatch(draft: Draft) -> Iterator[Problem]:
    for key, index, item in items(draft):
        kind = "ref" if item["type"].endswith("_ref") else item["type"]
        for form, kinds, promise in _PROMISES:
            if kind not in kinds and form.search(item["name"]):
                message = f"`{item['name']}` sounds like {promise}, and is of type {item['type']}"
                yield draft.problem("name-type-mismatch", message, "change the name or the type", key, index, "name")


def _plural(draft: Draft) -> Iterator[Problem]:
    for key, index, item in items(draft):
        last = item["name"].rpartition("_")[2]
        if _is_list(item) and not last.endswith("s") and last not in _PLURALS:
            message = f"`{item['name']}` holds several values and has the name of one"
            yield draft.problem("plural-name", message, "use the plural", key, index, "name")


def _is_list(item: Mapping[str, Any]) -> bool:
    return item["type"] in ("multiselect", "array") or (item.get("schema") or {}).get("type") == "array"


def _abbreviated(draft: Draft) -> Iterator[Problem]:
    for key, index, item in items(draft):
        for word in item["name"].split("_"):
            if word in _LONG:
                message = f"`{word}` in `{item['name']}` is an abbreviation"
                yield draft.problem("abbreviation", message, f"write {_LONG[word]}", key, index, "name")


def _unit(draft: Draft) -> Iterator[Problem]:
    for key, index, item in items(draft):
        is_number = item["type"] in ("number", "range")
        if is_number and _TIME.search(item["name"]) and not _UNIT_IN_LABEL.search(item.get("label", "")):
            message = f"nobody sees the unit of `{item['name']}`"
            yield draft.problem("missing-unit", message, f"call it {item['name']}_seconds", key, index, "name")


def _values(draft: Draft) -> Iterator[Problem]:
    for key, index, item in items(draft, "params"):
        values = [option["value"] for option in item.get("options") or ()]
        style = next((each for each in _STYLES if values and each.fullmatch(values[0])), _STYLES[0])
        for number, value in enumerate(values):
            if not style.fullmatch(value):
                message = f"the value `{value}` of `{item['name']}` is not written like the others"
                hint = "write values as small letters joined by underscores; the label is what people see"
                yield draft.problem("option-value-style", message, hint, key, index, "options", number, "value")
                break


CHECKS: dict[str, ActionCheck] = {
    "type-order": _order,
    "stutter": _stutter,
    "negative-boolean": _negative,
    "name-type-mismatch": _mismatch,
    "plural-name": _plural,
    "abbreviation": _abbreviated,
    "missing-unit": _unit,
    "option-value-style": _values,
}
