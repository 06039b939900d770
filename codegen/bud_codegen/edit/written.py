"""New values as YAML text, in the style of the files around them."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

from bud_codegen.load import load

WIDEST_LINE = 120
"""A mapping that would make a longer line gets one line per key."""


def block_pair(key: str, value: object, column: int) -> str:
    """Return `key: value` as the lines of a block mapping at a column; the last one has no end."""
    line = flow_pair(key, value)
    if isinstance(value, Mapping) and column + len(line) > WIDEST_LINE:
        inner = "\n".join(block_pair(each, member, column + 2) for each, member in value.items())
        return f"{' ' * column}{key}:\n{inner}"
    return " " * column + line


def flow_pair(key: str, value: object) -> str:
    """Return `key: value` on one line; texts are quoted where some reader of YAML would need it."""
    plain = _dumped({key: value}, is_quoted=False)
    return plain if _means(plain, {key: value}) else _dumped({key: value}, is_quoted=True)


def text_item(value: str) -> str:
    """Return a text as it is written in a list or behind a key."""
    return value if _means(f"[{value}]", [value]) else flow_pair("item", [value]).removeprefix("item: [")[:-1]


def _means(text: str, value: object) -> bool:
    document = load("", text)
    return not document.problems and document.data == value


def _dumped(pair: Mapping[str, object], *, is_quoted: bool) -> str:
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap

    yaml = YAML()
    yaml.width = 1_000_000
    stream = io.StringIO()
    yaml.dump(CommentedMap({key: _styled(value, is_quoted) for key, value in pair.items()}), stream)
    return stream.getvalue().removesuffix("\n")


def _styled(value: object, is_quoted: bool) -> Any:
    """Return a value that ruamel.yaml writes on one line, with double quotes around versions and dates."""
    from ruamel.yaml.comments import CommentedMap, CommentedSeq
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    if isinstance(value, str):
        return DoubleQuotedScalarString(value) if is_quoted or value[:1].isdigit() else value
    styled: Any = value
    if isinstance(value, Mapping):
        styled = CommentedMap({key: _styled(member, is_quoted) for key, member in value.items()})
        styled.fa.set_flow_style()
    elif isinstance(value, Sequence):
        styled = CommentedSeq([_styled(item, is_quoted) for item in value])
        styled.fa.set_flow_style()
    return styled
