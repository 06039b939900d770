"""How text gets into TypeScript and JavaScript: one way into strings, one into comments."""

import json
import re
from collections.abc import Iterable

_INVISIBLE = (
    r"\x7f-\x9f\xad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff"
    r"\U000e0000-\U000e007f"
)
"""Characters that a reader does not see or that reorder what is seen, and lone surrogates, which UTF-8 cannot say."""
_INVISIBLES = re.compile(f"[{_INVISIBLE}]")
_SPECIAL_IN_COMMENT = re.compile(rf"\*/|(?<!\w)@|[\x00-\x1f{_INVISIBLE}]")
_PROTO_KEY = re.compile('(?<=[{,])"__proto__":')
_IDENTIFIER = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def json_text(value: object) -> str:
    """Write a JSON value as compact JSON in which nothing is invisible."""
    text = _ENCODER.encode(value)
    return text if text.isascii() and "\x7f" not in text else _INVISIBLES.sub(_escape, text)


def quoted(value: object) -> str:
    """Write a JSON value, such as a text, as a literal of JavaScript and of TypeScript's types."""
    text = json_text(value)
    # In an object literal that key would set the prototype; a computed one does not. No text looks like it: its
    # quotes are escaped.
    return _PROTO_KEY.sub('["__proto__"]:', text) if '"__proto__":' in text else text


def _escape(match: re.Match[str]) -> str:
    units = match.group().encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def member_name(name: str) -> str:
    """Write the name of an interface's member, in quotes where it is not an identifier."""
    return name if _IDENTIFIER.fullmatch(name) else quoted(name)


Tags = Iterable[tuple[str, object]]
"""Names and texts of a doc comment's block tags."""


def comment(text: str, tags: Tags = (), indent: str = "") -> str:
    """Write a doc comment, with its last newline; an empty one is no text at all."""
    lines = _lines(text)
    lines += [f"@{tag} {' '.join(_lines(str(value)))}".rstrip() for tag, value in tags]
    if not lines:
        return ""
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    body = "".join(f"{indent} * {line}".rstrip() + "\n" for line in lines)
    return f"{indent}/**\n{body}{indent} */\n"


def _lines(text: str) -> list[str]:
    """Split a text into lines that neither end a comment nor start a tag."""
    if not _SPECIAL_IN_COMMENT.search(text):
        return [text] if text else []
    return [_SPECIAL_IN_COMMENT.sub(_harmless, line.rstrip()) for line in text.strip().splitlines()]


def _harmless(match: re.Match[str]) -> str:
    found = match.group()
    if found == "*/":
        return "*\\/"
    if found == "\t":
        return " "
    return "\\@" if found == "@" else _escape(match)
