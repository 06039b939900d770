"""Rules on how actions fit together."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from bud_codegen.lint.scene import Scene, SceneCheck, items
from bud_codegen.problem import Place, Problem
from bud_codegen.validate.draft import Draft

Param = Mapping[str, Any]
FEWEST_TO_AGREE = 2
"""Actions that must agree on something before another one stands out."""


class _Use(NamedTuple):
    draft: Draft
    position: int
    param: Param
    value: str
    """What the uses of one name are compared by."""

    def place(self, key: str) -> Place:
        return self.draft.place("params", self.position, key)


def _outliers(scene: Scene, value_of: Callable[[Param], str]) -> Iterator[tuple[_Use, _Use]]:
    """Yield each use of a param name whose value differs from that of most others, with one of those."""
    uses: dict[str, list[_Use]] = defaultdict(list)
    for draft in scene.newest:
        for _, index, param in items(draft, "params"):
            uses[param["name"]].append(_Use(draft, index, param, value_of(param)))
    for listed in uses.values():
        (usual, number), *others = Counter(use.value for use in listed).most_common()
        if number < FEWEST_TO_AGREE or (others and others[0][1] == number):
            continue
        model = next(use for use in listed if use.value == usual)
        yield from ((use, model) for use in listed if use.value != usual)


def _types(scene: Scene) -> Iterator[Problem]:
    for use, model in _outliers(scene, _kind):
        name = use.param["name"]
        message = f"`{name}` is a {use.param['type']} here, and a {model.param['type']} in other actions"
        hint = "use the same type, or another name if it means something else"
        yield Problem(use.place("type"), "near-duplicate-params", message, hint, (model.place("type"),))


def _kind(param: Param) -> str:
    return "string" if param["type"] == "template" else str(param["type"])


def _labels(scene: Scene) -> Iterator[Problem]:
    for use, model in _outliers(scene, lambda param: str(param["label"])):
        label, usual = use.param["label"], model.param["label"]
        message = f'`{use.param["name"]}` is called "{label}" here, and "{usual}" in other actions'
        related = (model.place("label"),)
        yield Problem(use.place("label"), "inconsistent-labels", message, "use one label for one thing", related)


def _names(scene: Scene) -> Iterator[Problem]:
    seen: dict[tuple[str, str], Draft] = {}
    for draft in scene.newest:
        name, category = draft.get("name"), draft.get("category")
        if not isinstance(name, str) or not isinstance(category, str):
            continue
        first = seen.setdefault((category, name.casefold()), draft)
        if first.get("type") != draft.get("type"):
            message = f'{draft.get("type")} and {first.get("type")} are both listed as "{name}" under {category}'
            related = (first.place("name"),)
            yield Problem(draft.place("name"), "repeated-action-name", message, "say how they differ", related)


def _categories(scene: Scene) -> Iterator[Problem]:
    if scene.own_categories is None:
        return
    used = {draft.get("category") for draft in scene.drafts}
    for index, category in enumerate(scene.own_categories.data["categories"]):
        if category["name"] not in used:
            place = scene.own_categories.place(("categories", index, "name"))
            message = f"no action is in the category {category['name']}"
            yield Problem(place, "unused-category", message, "remove it until there is one")


SCENE_CHECKS: dict[str, SceneCheck] = {
    "near-duplicate-params": _types,
    "inconsistent-labels": _labels,
    "repeated-action-name": _names,
    "unused-category": _categories,
}
