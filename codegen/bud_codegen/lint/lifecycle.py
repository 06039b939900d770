"""Rules on what is on its way in or out."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from bud_codegen.lint.scene import ActionCheck, Scene, SceneCheck
from bud_codegen.load import Pointer
from bud_codegen.problem import Problem
from bud_codegen.validate.draft import Draft

Deprecated = tuple[Pointer, str, Mapping[str, Any]]
"""The pointer of something deprecated, what it is, and what is said about it."""


def _deprecations(draft: Draft) -> Iterator[Deprecated]:
    if draft.get("deprecated"):
        yield (), str(draft.get("type")), draft.get("deprecated")
    for key, listed in (("params", draft.params), ("outputs", draft.outputs)):
        for index, item in listed:
            if item.get("deprecated"):
                yield (key, index), f"{key[:-1]} `{item['name']}`", item["deprecated"]


def _passed(scene: Scene) -> Iterator[Problem]:
    for draft in scene.drafts:
        for pointer, what, said in _deprecations(draft):
            day = _day(said.get("sunset"))
            if day is not None and day < scene.today:
                message = f"{what} was to be gone by {day}, and new pipelines cannot use it since"
                hint = "remove it, and list its name under reserved; or give it a later sunset"
                yield draft.problem("sunset-passed", message, hint, *pointer, "deprecated", "sunset")


def _day(text: str | None) -> date | None:
    """Return the day of a sunset; None if there is none, or a wrong one, which its own Problem names."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _no_replacement(draft: Draft) -> Iterator[Problem]:
    deprecated = draft.get("deprecated")
    if deprecated and "replacement" not in deprecated:
        message = f"{draft.get('type')} is deprecated, and its users are not told what to use instead"
        hint = "add replacement: the type of another action"
        yield Problem(draft.place("deprecated", of_key=True), "deprecated-without-replacement", message, hint)


def _no_sunset(draft: Draft) -> Iterator[Problem]:
    deprecated = draft.get("deprecated")
    if deprecated and "sunset" not in deprecated:
        message = f"nobody knows how long {draft.get('type')} can still be used"
        hint = "add sunset: the last day on which new pipelines may use it, as YYYY-MM-DD"
        yield Problem(draft.place("deprecated", of_key=True), "deprecated-without-sunset", message, hint)


def _since_later(draft: Draft) -> Iterator[Problem]:
    version = draft.get("version") or "1.0.0"
    for pointer, what, said in _deprecations(draft):
        since = said.get("since")
        if since and _numbers(since) > _numbers(version):
            message = f"{what} is deprecated since {since}, and this is {version}"
            hint = f"raise the version to {since}, or correct since"
            yield draft.problem("deprecated-since-later", message, hint, *pointer, "deprecated", "since")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("+")[0].split("-")[0].split("."))


def _required(draft: Draft) -> Iterator[Problem]:
    for index, param in draft.params:
        if param.get("deprecated") and param.get("required"):
            message = f"`{param['name']}` is deprecated, and no pipeline can do without it"
            hint = "make it optional, so that people can leave it out"
            yield draft.problem("deprecated-required", message, hint, "params", index, "required")


def _in_example(draft: Draft) -> Iterator[Problem]:
    deprecated = {param["name"] for _, param in draft.params if param.get("deprecated")}
    for number, example in draft.examples:
        for name in example["params"]:
            if name in deprecated:
                message = f"the example shows `{name}`, which is deprecated"
                pointer = ("examples", number, "params", name)
                place = draft.place(*pointer, of_key=True)
                yield Problem(place, "deprecated-in-example", message, "show what replaces it, or leave it out")


def _deprecated_replacements(scene: Scene) -> Iterator[Problem]:
    leaving = {draft.get("type") for draft in scene.drafts if draft.get("deprecated")}
    for draft in scene.drafts:
        own = {item["name"] for _, item in (*draft.params, *draft.outputs) if item.get("deprecated")}
        for pointer, what, said in _deprecations(draft):
            replacement = said.get("replacement")
            if replacement in (own if pointer else leaving):
                message = f"{replacement}, which replaces {what}, is deprecated itself"
                hint = "name what replaces both"
                yield draft.problem("replacement-deprecated", message, hint, *pointer, "deprecated", "replacement")


def _early(draft: Draft) -> Iterator[Problem]:
    version = draft.get("version") or "1.0.0"
    is_early = version.startswith("0.") or "-" in version.split("+")[0]
    if is_early and draft.get("stability") in (None, "stable"):
        message = f"{version} may change in any way, and stability says that it will not"
        hint = "add stability: experimental or beta, or make it 1.0.0"
        yield draft.problem("stable-too-early", message, hint, "version")


CHECKS: dict[str, ActionCheck] = {
    "deprecated-without-replacement": _no_replacement,
    "deprecated-without-sunset": _no_sunset,
    "deprecated-since-later": _since_later,
    "deprecated-required": _required,
    "deprecated-in-example": _in_example,
    "stable-too-early": _early,
}
SCENE_CHECKS: dict[str, SceneCheck] = {
    "sunset-passed": _passed,
    "replacement-deprecated": _deprecated_replacements,
}
