"""One meaning for a `pattern`, in Python as in a browser.

The language's patterns are ECMAScript regular expressions with the `u` flag (ECMA-262, 22.2). Python's `re` differs in
a few escapes; `compile_pattern` writes those out. It expects a pattern that the language's checks have accepted.
"""

import re
from functools import cache

LONGEST_SUBJECT = 4096
"""Longest text, in code points, that a pattern is tried on; a longer one is refused as too long."""

# ECMA-262, 22.2.2.9: WhiteSpace and LineTerminator; Python's ASCII \s has only the first six.
_SPACES = r"\t\n\v\f\r \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_TOKEN = re.compile(r"\\u\{([0-9A-Fa-f]+)\}|\\c([A-Za-z])|\\.|\(\?<(?![=!])|.", re.DOTALL)
_OUTSIDE = {
    ".": r"[^\n\r\u2028\u2029]",
    "$": r"\Z",
    r"\s": f"[{_SPACES}]",
    r"\S": f"[^{_SPACES}]",
    r"\/": "/",
    r"\0": r"\x00",
    "(?<": "(?P<",
}
_INSIDE = {r"\s": _SPACES, "[": r"\[", "&": r"\&", "~": r"\~", "|": r"\|", r"\/": "/", r"\0": r"\x00", r"\b": r"\x08"}


@cache
def compile_pattern(pattern: str) -> re.Pattern[str]:
    """Compile an ECMAScript pattern so that `search` finds what a browser's RegExp with the `u` flag finds.

    Raises re.error for a pattern that Python cannot express.
    """
    return re.compile(to_python(pattern), re.ASCII)


def to_python(pattern: str) -> str:
    """Rewrite an ECMAScript pattern in Python's syntax, for use with re.ASCII."""
    parts: list[str] = []
    inside = False
    for match in _TOKEN.finditer(pattern):
        part = match.group()
        if match.group(1):
            parts.append(f"\\U{int(match.group(1), 16):08x}")
        elif match.group(2):
            parts.append(f"\\x{ord(match.group(2)) % 32:02x}")
        elif part == ("]" if inside else "["):
            inside = not inside
            parts.append(part)
        else:
            parts.append((_INSIDE if inside else _OUTSIDE).get(part, part))
    return "".join(parts)
