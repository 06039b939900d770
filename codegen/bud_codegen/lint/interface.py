"""Rules on the form that people fill in."""

from collections.abc import Iterator
from itertools import groupby

from bud_codegen.lint.scene import ActionCheck, items
from bud_codegen.load import Pointer
from bud_codegen.problem import Problem
from bud_codegen.validate.draft import Draft

MOST_IN_A_GROUP = 14
MOST_OPTIONS = 40
MOST_REQUIRED = 8


def _icon(draft: Draft) -> Iterator[Problem]:
    if draft.get("icon") is None:
        message = f"{draft.get('type')} has no icon; people find actions by it"
        yield draft.problem("missing-icon", message, "add icon: a key such as database-plus", "type")


def _pattern_message(draft: Draft) -> Iterator[Problem]:
    for key, index, param in items(draft, "params"):
        rules = param.get("validation") or {}
        if "pattern" in rules and "pattern_message" not in rules:
            message = f"whoever gets `{param['name']}` wrong is shown a regular expression"
            hint = "add pattern_message: what the text must look like, in words"
            yield draft.problem("missing-pattern-message", message, hint, key, index, "validation", "pattern")


def _groups(draft: Draft) -> list[tuple[str | None, list[tuple[int, str]]]]:
    """Return each run of params with one group, as (group, [(index, name), ...])."""
    listed = [(param.get("group"), index, param["name"]) for _, index, param in items(draft, "params")]
    return [(group, [(index, name) for _, index, name in run]) for group, run in groupby(listed, lambda each: each[0])]


def _large_group(draft: Draft) -> Iterator[Problem]:
    for group, members in _groups(draft):
        if len(members) > MOST_IN_A_GROUP:
            where = f"the group {group}" if group else "the first section of the form"
            message = f"{where} has {len(members)} fields; a person takes in up to {MOST_IN_A_GROUP}"
            index, _ = members[MOST_IN_A_GROUP]
            hint = "give those that few people need a group, such as group: Advanced"
            yield draft.problem("missing-group", message, hint, "params", index, "name")


def _scattered(draft: Draft) -> Iterator[Problem]:
    seen: dict[str | None, int] = {}
    for group, members in _groups(draft):
        index, name = members[0]
        first = seen.setdefault(group, index)
        if first != index:
            where = f"group {group}" if group else "first section"
            message = f"`{name}` stands apart from the other params of the {where}"
            pointer: Pointer = ("params", index, "group" if group else "name")
            yield draft.problem("scattered-group", message, "list the params of a group one after the other", *pointer)


def _long_options(draft: Draft) -> Iterator[Problem]:
    for key, index, param in items(draft, "params"):
        options = param.get("options") or ()
        if len(options) > MOST_OPTIONS:
            message = f"`{param['name']}` offers {len(options)} options; a person looks through up to {MOST_OPTIONS}"
            hint = "take a string with a pattern, a reference, or several params"
            yield draft.problem("long-option-list", message, hint, key, index, "name")


def _single_option(draft: Draft) -> Iterator[Problem]:
    for key, index, param in items(draft, "params"):
        if param["type"] == "select" and len(param.get("options") or ()) == 1:
            message = f"`{param['name']}` offers one option, which is no choice"
            hint = "remove the param until there are two; adding one later breaks nobody"
            yield draft.problem("single-option", message, hint, key, index, "options")


def _option_labels(draft: Draft) -> Iterator[Problem]:
    for key, index, param in items(draft, "params"):
        seen: dict[str, int] = {}
        for number, option in enumerate(param.get("options") or ()):
            label = option["label"]
            if seen.setdefault(label.casefold(), number) != number:
                message = f'two options of `{param["name"]}` read "{label}"'
                pointer = (key, index, "options", number, "label")
                yield draft.problem("repeated-option-label", message, "say how they differ", *pointer)


def _param_labels(draft: Draft) -> Iterator[Problem]:
    seen: dict[tuple[object, str], int] = {}
    for key, index, param in items(draft, "params"):
        if "show_when" in param:
            continue  # one of two that are never shown together may have the other's label
        if seen.setdefault((param.get("group"), param["label"].casefold()), index) != index:
            message = f'two fields beside each other read "{param["label"]}"'
            yield draft.problem("repeated-param-label", message, "say how they differ", key, index, "label")


def _many_required(draft: Draft) -> Iterator[Problem]:
    required = [index for _, index, param in items(draft, "params") if param.get("required")]
    if len(required) > MOST_REQUIRED:
        message = f"nobody can use {draft.get('type')} without giving {len(required)} values"
        hint = "give some of them a default, or make several actions of it"
        yield draft.problem("too-many-required", message, hint, "params", required[MOST_REQUIRED], "required")


def _order(draft: Draft) -> Iterator[Problem]:
    optional: dict[object, str] = {}
    for key, index, param in items(draft, "params"):
        before = optional.get(param.get("group"))
        if not param.get("required"):
            optional[param.get("group")] = param["name"]
        elif before is not None:
            message = f"`{param['name']}` must be given and stands after `{before}`, which need not be"
            yield draft.problem("required-after-optional", message, "move it up", key, index, "name")


def _labels(draft: Draft) -> Iterator[Problem]:
    for pointer, label in _shown(draft):
        fault = _label_fault(label)
        if fault:
            message = f'"{label}" {fault}'
            yield draft.problem("label-style", message, "write it as a heading, such as Model Name", *pointer)


def _shown(draft: Draft) -> Iterator[tuple[Pointer, str]]:
    if draft.get("name"):
        yield ("name",), draft.get("name")
    for key, index, param in items(draft, "params"):
        yield (key, index, "label"), param["label"]
        if "group" in param:
            yield (key, index, "group"), param["group"]


def _label_fault(label: str) -> str | None:
    first = label.split(" ")[0]
    if label[-1] in ".:;,!?":
        return "ends with punctuation"
    if "_" in label:
        return "is a name, not a label"
    return "starts with a small letter" if first.islower() and first.isalpha() else None


CHECKS: dict[str, ActionCheck] = {
    "missing-icon": _icon,
    "missing-pattern-message": _pattern_message,
    "missing-group": _large_group,
    "scattered-group": _scattered,
    "long-option-list": _long_options,
    "single-option": _single_option,
    "repeated-option-label": _option_labels,
    "repeated-param-label": _param_labels,
    "too-many-required": _many_required,
    "required-after-optional": _order,
    "label-style": _labels,
}
