"""Names in the targets: what a key of the language is called in Python and TypeScript."""

import keyword
import re

RECORD_MEMBERS = frozenset({"from_dict", "to_dict", "is_given"})
"""Methods that every generated dataclass has."""
_TYPE_NAMES = frozenset(
    {"Any", "Literal", "Mapping", "Sequence", "bool", "dict", "field", "float", "int", "list", "str", "tuple"}
)
"""What a generated class says inside its body; an attribute of that name would stand in for it."""
_CLASS_NAME = re.compile("(Params|Outputs)[0-9A-Za-z]*")
RESERVED_MODULES = frozenset({"base", "catalog", "meta", "record"})
"""Modules that stand beside the category folders in generated or executor packages."""


def python_name(key: str) -> str:
    """Return the attribute for a key of an object: `from` gives `from_`, `a-b` gives `a_b`, `1st` gives `x1st`."""
    name = re.sub(r"[^0-9A-Za-z_]", "_", key)
    name = name.lstrip("_") or "x"
    if name[0].isdigit():
        name = f"x{name}"
    return f"{name}_" if _is_taken(name) else name


def _is_taken(name: str) -> bool:
    names = RECORD_MEMBERS | _TYPE_NAMES
    return keyword.iskeyword(name) or name in names or _CLASS_NAME.fullmatch(name) is not None


def pascal_case(key: str) -> str:
    """Return a key as part of a class name: `min_replicas` gives `MinReplicas`."""
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[^0-9A-Za-z]+", key))


def is_module_name(stem: str) -> bool:
    """Whether a file name, without ending, can be imported."""
    return re.fullmatch(r"[a-z][a-z0-9_]*", stem) is not None and not keyword.iskeyword(stem)
