"""Every way to write an action file anew that changes nothing of what it says."""

import copy
import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from random import Random
from typing import Any

import yaml

from tests.diff.proof.of_schemas import nested
from tests.diff.proof.picking import Document, DoesNotApplyError

Refactor = Callable[[Random, Document], str]
"""Returns the text of a file that says what the document says, or raises DoesNotApplyError."""


def _dumped(document: Any, style: str | None = None, **options: Any) -> str:
    """Write YAML; `style` is how all texts are written that are no keys."""

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, _data: Any) -> bool:
            return True

    if style is not None:
        Dumper.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style))
    settings = {"sort_keys": False, "allow_unicode": True, "width": 10**6, "default_flow_style": False, **options}
    return str(yaml.dump(document, Dumper=Dumper, **settings))


def write_as_blocks(_chance: Random, document: Document) -> str:
    return _dumped(document)


def write_in_one_line(_chance: Random, document: Document) -> str:
    return _dumped(document, default_flow_style=True)


def write_deeply_indented(_chance: Random, document: Document) -> str:
    return _dumped(document, indent=6)


def fold_lines(_chance: Random, document: Document) -> str:
    return _dumped(document, width=20)


def use_double_quotes(_chance: Random, document: Document) -> str:
    return _dumped(document, '"')


def use_single_quotes(_chance: Random, document: Document) -> str:
    return _dumped(document, "'")


def use_literal_blocks(_chance: Random, document: Document) -> str:
    return _dumped(document, "|")


def use_folded_blocks(_chance: Random, document: Document) -> str:
    return _dumped(document, ">")


def escape_characters(_chance: Random, document: Document) -> str:
    return json.dumps(document, indent=2)


def add_comments(chance: Random, document: Document) -> str:
    lines = re.split(r"(?m)^(?=[a-z_]+:|- )", _dumped(document, '"'))
    return "".join(f"# Remark {chance.random()}\n\n{each}" for each in lines) + "\n# The end"


def add_marks(_chance: Random, document: Document) -> str:
    return f"\ufeff---\n{_dumped(document)}...\n"


def end_lines_as_windows_does(_chance: Random, document: Document) -> str:
    return _dumped(document, '"').replace("\n", "\r\n")


def use_anchors(_chance: Random, document: Document) -> str:
    seen: dict[str, Any] = {}

    def shared(value: Any) -> Any:
        if isinstance(value, dict):
            value = {key: shared(member) for key, member in value.items()}
        elif isinstance(value, list):
            value = [shared(item) for item in value]
        return seen.setdefault(json.dumps(value), value) if isinstance(value, dict | list) and value else value

    text = yaml.safe_dump(shared(document), sort_keys=False, allow_unicode=True, width=10**6)
    if "&id" not in text:
        raise DoesNotApplyError
    return text


def reorder_keys(chance: Random, document: Document) -> str:
    def shuffled(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: shuffled(value[key]) for key in chance.sample(list(value), len(value))}
        return [shuffled(item) for item in value] if isinstance(value, list) else value

    return _dumped(shuffled(document))


Change = Callable[[Document], bool]
"""Changes a document in place, and returns whether there was anything to change."""


def _changed(change: Change, _chance: Random, document: Document) -> str:
    changed = copy.deepcopy(document)
    if not change(changed):
        raise DoesNotApplyError
    return _dumped(changed)


def say_defaults_of_action(document: Document) -> bool:
    defaults: Document = {"version": "1.0.0", "color": "#8c8c8c", "idempotent": True, "stability": "stable"}
    lists = ("required_services", "required_permissions", "params", "rules", "outputs", "examples", "aliases")
    return _filled([document], {**defaults, **{key: [] for key in (*lists, "migrations")}})


def say_defaults_of_params(document: Document) -> bool:
    return _filled(document.get("params", []), {"required": False, "secret": False})


def say_defaults_of_outputs(document: Document) -> bool:
    return _filled(document.get("outputs", []), {"nullable": False})


def say_defaults_of_retry(document: Document) -> bool:
    defaults = {"backoff_multiplier": 2, "initial_interval_seconds": 1, "max_interval_seconds": 3600}
    return _filled([document["retry_policy"]] if document.get("retry_policy") else [], defaults)


def say_defaults_of_rules(document: Document) -> bool:
    return _filled(document.get("rules", []), {"when": []})


def _filled(objects: list[Document], defaults: Document) -> bool:
    unsaid = [(each, key) for each in objects for key in defaults if key not in each]
    for each, key in unsaid:
        each[key] = copy.deepcopy(defaults[key])
    return bool(unsaid)


def say_what_references_refer_to(document: Document) -> bool:
    references = [
        each for each in document.get("params", ()) if each["type"].endswith("_ref") and "ref_type" not in each
    ]
    for each in references:
        each["ref_type"] = each["type"].removesuffix("_ref")
    return bool(references)


def _schemas(document: Document) -> Iterator[Document]:
    for each in (*document.get("params", ()), *document.get("outputs", ())):
        if "schema" in each:
            yield from nested(each["schema"])


def say_that_objects_are_closed(document: Document) -> bool:
    objects = [each for each in _schemas(document) if "properties" in each]
    return _filled(objects, {"additionalProperties": False, "required": []})


def say_that_items_may_be_anything(document: Document) -> bool:
    lists = [each for each in _schemas(document) if each.get("type") == "array"]
    return _filled(lists, {"items": {}, "uniqueItems": False})


def turn_lists_without_order(document: Document) -> bool:
    """Turn around what is a set, though it is written as a list."""
    keys = ("required_services", "required_permissions", "aliases")
    lists = [document[key] for key in keys if key in document]
    lists += [each[key] for each in _schemas(document) for key in ("required", "type", "enum") if key in each]
    lists += list(document.get("reserved", {}).values())
    found = [each for each in lists if isinstance(each, list) and len(each) > 1]
    for each in found:
        each.reverse()
    return bool(found)


_WRITTEN: tuple[Refactor, ...] = (
    write_as_blocks, write_in_one_line, write_deeply_indented, fold_lines, use_double_quotes, use_single_quotes,
    use_literal_blocks, use_folded_blocks, escape_characters, add_comments, add_marks, end_lines_as_windows_does,
    use_anchors, reorder_keys,
)  # fmt: skip
_CHANGED: tuple[Change, ...] = (
    say_defaults_of_action, say_defaults_of_params, say_defaults_of_outputs, say_defaults_of_retry,
    say_defaults_of_rules, say_what_references_refer_to, say_that_objects_are_closed, say_that_items_may_be_anything,
    turn_lists_without_order,
)  # fmt: skip

REFACTORS: Mapping[str, Refactor] = {
    **{each.__name__: each for each in _WRITTEN},
    **{each.__name__: partial(_changed, each) for each in _CHANGED},
}
"""By name."""
