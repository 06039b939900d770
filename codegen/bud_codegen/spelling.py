"""The camelCase spelling of metadata, as browsers read it."""

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import bud_schemas

_OTHER_WORDS = {"show_when": "visibleWhen"}
"""Keys that browsers know by another word."""


def camel_case(key: str) -> str:
    """Return a key of the metadata as browsers spell it."""
    first, *others = key.split("_")
    return _OTHER_WORDS.get(key) or first + "".join(word[:1].upper() + word[1:] for word in others)


def camel_case_meta(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metadata of an action with camelCase keys.

    Only the metadata's own keys change: what authors wrote into `default`, `schema` and the params of an example stays.
    """
    renamed: dict[str, Any] = _renamed(meta, _spelling("ActionMeta"))
    return renamed


class _Spelling(NamedTuple):
    """How the keys of one kind of object are spelled, and the kinds of objects found under them."""

    keys: dict[str, str]
    inner: dict[str, "_Spelling"]


@cache
def _spelling(name: str) -> _Spelling:
    schema = bud_schemas.load("action")
    properties = (schema if name == "ActionMeta" else schema["$defs"][name])["properties"]
    objects = {key: _object_name(member) for key, member in properties.items()}
    inner = {key: _spelling(found) for key, found in objects.items() if found}
    return _Spelling({key: camel_case(key) for key in properties}, inner)


def _object_name(member: Mapping[str, Any]) -> str:
    """Return which object of the meta-schema a member or its items are; empty for everything else."""
    name: str = (member.get("items") or member).get("$ref", "").rpartition("/")[2]
    has_keys = name != "ValueSchema" and "properties" in bud_schemas.load("action")["$defs"].get(name, ())
    return name if has_keys else ""


def _renamed(value: Any, spelling: _Spelling) -> Any:
    if isinstance(value, list | tuple):
        return [_renamed(item, spelling) for item in value]
    if not isinstance(value, Mapping):
        return value
    keys, inner = spelling
    return {
        keys.get(key) or camel_case(key): _renamed(member, inner[key]) if key in inner and member else member
        for key, member in value.items()
    }
