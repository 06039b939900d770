"""Checks across files: paths, categories and names that must be unique in the catalog."""

from collections.abc import Collection, Iterable, Iterator, Mapping

from bud_codegen.model import Category, Project
from bud_codegen.names import RESERVED_MODULES, pascal_case
from bud_codegen.paths import ActionPath, action_path
from bud_codegen.problem import Place, Problem
from bud_codegen.validate.draft import Draft
from bud_codegen.validate.names import check_modules
from bud_codegen.validate.references import day_problems
from bud_codegen.validate.structure import suggestion
from bud_codegen.validate.versions import check_versions


def check_catalog(project: Project, drafts: Iterable[Draft], categories: Iterable[Category]) -> Iterator[Problem]:
    """Yield what is wrong between files."""
    drafts = list(drafts)
    names = [category.name for category in categories]
    for draft in drafts:
        yield from _path(project, draft)
        yield from _category(draft, names)
        yield from _timeout(draft)
        yield from _retry(draft)
    yield from check_versions(project, drafts)
    yield from _repeated_types(project, drafts)
    yield from _class_collisions(project, drafts)
    yield from _replacements(drafts)


def _path(project: Project, draft: Draft) -> Iterator[Problem]:
    folder, name, major = place = action_path(project, draft.path)
    if draft.path.endswith(".yml"):
        yield draft.problem(
            "type-path-mismatch",
            "an action file ends in .yaml",
            f"rename it to {draft.path.rpartition('/')[2].removesuffix('.yml')}.yaml",
        )
        return
    if not folder or "/" in folder or folder in RESERVED_MODULES:
        message = "an action file stands in one folder below the actions, as <folder>/<name>.yaml"
        hint = f"move it to a folder such as {project.actions}/integration/"
        if folder in RESERVED_MODULES:
            message, hint = f"the folder `{folder}` is reserved", "choose another folder"
        yield draft.problem("type-path-mismatch", message, hint)
        return
    unimportable = list(check_modules(draft, folder, place.stem))
    if unimportable:
        yield from unimportable
        return
    action_type = draft.get("type")
    if isinstance(action_type, str) and action_type not in (name, f"{folder}_{name}"):
        message = f"type {action_type} does not follow from the path: expected {folder}_{name} or {name}"
        version = "" if major is None else f".v{major}"
        hint = f"rename the file to {action_type.removeprefix(f'{folder}_')}{version}.yaml, or change the type"
        yield draft.problem("type-path-mismatch", message, hint, "type")


def check_reserved(drafts: Iterable[Draft], reserved: Collection[str]) -> Iterator[Problem]:
    """Yield the problems of types and aliases that were removed from the catalog."""
    for draft in drafts:
        for name, place in _types(draft):
            if name in reserved:
                message = f"`{name}` is reserved in categories.yaml: it was removed and may not come back"
                yield Problem(place, "reserved-name", message, "choose another name")


def _category(draft: Draft, names: list[str]) -> Iterator[Problem]:
    category = draft.get("category")
    if isinstance(category, str) and category not in names:
        listed = f"the categories are {', '.join(names) or 'none'}; categories.yaml beside the actions may add some"
        near = suggestion(category, names)
        hint = f"{near} {listed}" if near else listed
        yield draft.problem("unknown-category", f"there is no category `{category}`", hint, "category")


def _timeout(draft: Draft) -> Iterator[Problem]:
    if draft.get("execution_mode") == "event_driven" and draft.get("timeout_seconds") is None:
        if ("timeout_seconds",) in draft.faults:
            return
        message = "an event-driven action without timeout_seconds could wait for ever"
        hint = "add timeout_seconds: the longest time in which the event can come"
        yield draft.problem("event-driven-without-timeout", message, hint, "execution_mode")


def _retry(draft: Draft) -> Iterator[Problem]:
    policy = draft.get("retry_policy")
    if not isinstance(policy, Mapping) or any(fault[:1] == ("retry_policy",) for fault in draft.faults):
        return
    if draft.get("idempotent") is False:
        message = "an action that is not idempotent has a retry policy, which would repeat its effect"
        hint = "remove retry_policy, or make the action idempotent"
        yield Problem(draft.place("retry_policy", of_key=True), "retry-without-idempotency", message, hint)
    first, longest = policy.get("initial_interval_seconds", 1), policy.get("max_interval_seconds", 3600)
    if first > longest:
        message = f"initial_interval_seconds {first} is greater than max_interval_seconds {longest}"
        yield draft.problem("bounds-inverted", message, "swap them", "retry_policy", "initial_interval_seconds")


def _types(draft: Draft) -> Iterator[tuple[str, Place]]:
    action_type = draft.get("type")
    if isinstance(action_type, str):
        yield action_type, draft.place("type")
    aliases = draft.get("aliases")
    if isinstance(aliases, list) and not any(fault[:1] == ("aliases",) for fault in draft.faults):
        for index, alias in enumerate(aliases):
            yield alias, draft.place("aliases", index)


def _repeated_types(project: Project, drafts: Iterable[Draft]) -> Iterator[Problem]:
    """Yield names that two actions have; versions that stand side by side share theirs."""
    seen: dict[str, tuple[ActionPath, Place]] = {}
    for draft in drafts:
        path = action_path(project, draft.path)
        for name, place in _types(draft):
            other, first = seen.setdefault(name, (path, place))
            if first is not place and (other[:2] != path[:2] or other == path):
                message = f"action type {name} is already defined in {first}"
                yield Problem(place, "duplicate-action", message, "rename or remove one of them", (first,))


def _class_collisions(project: Project, drafts: Iterable[Draft]) -> Iterator[Problem]:
    seen: dict[str, tuple[str, Place]] = {}
    for draft in drafts:
        action_type = draft.get("type")
        if not isinstance(action_type, str):
            continue
        major = action_path(project, draft.path).major
        called = pascal_case(action_type) + ("" if major is None else f"V{major}")
        reference = action_type if major is None else f"{action_type}@{major}"
        name, place = seen.setdefault(called, (reference, draft.place("type")))
        if name != reference:
            message = f"{reference} and {name} ({place}) are both {called} in TypeScript"
            yield Problem(draft.place("type"), "name-collision", message, "rename one of them", (place,))


def _replacements(drafts: list[Draft]) -> Iterator[Problem]:
    types = sorted(name for draft in drafts for name, _ in _types(draft))
    for draft in drafts:
        deprecated = draft.get("deprecated")
        if not isinstance(deprecated, Mapping) or any(fault[:1] == ("deprecated",) for fault in draft.faults):
            continue
        yield from day_problems(draft, deprecated, "deprecated")
        replacement = deprecated.get("replacement")
        if replacement is not None and replacement not in types:
            message = f"there is no action {replacement} to replace this one"
            hint = suggestion(replacement, types) or "correct the name, or leave replacement out"
            yield draft.problem("unknown-replacement", message, hint, "deprecated", "replacement")
