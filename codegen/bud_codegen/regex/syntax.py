"""The syntax of a `pattern`: ECMA-262, 22.2.1, with the `u` flag and without Annex B.

`parse` also refuses what Python's `re` or a browser would read otherwise, such as backreferences and lookbehind.
"""

import re

from bud_codegen.regex.tree import (
    LAST_CODE_POINT,
    Alternate,
    Assertion,
    Chars,
    Concat,
    Empty,
    Group,
    Look,
    Node,
    PatternError,
    Ranges,
    Repeat,
    complement,
    merge,
)

DEEPEST_NESTING = 50
"""Most groups inside one another; the parser and the analysis both recurse once per group."""

HIGHEST_COUNT = 65535
"""Highest count in braces; it is past any text that a pattern is tried on, and Python has a limit too."""

_DIGITS: Ranges = ((48, 57),)
_WORDS: Ranges = ((48, 57), (65, 90), (95, 95), (97, 122))
# ECMA-262, 22.2.2.9: WhiteSpace and LineTerminator.
_SPACES: Ranges = (
    *((0x09, 0x0D), (0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029)),
    *((0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF)),
)
_LINE_ENDS: Ranges = ((10, 10), (13, 13), (0x2028, 0x2029))
_SETS: dict[str, Ranges] = {
    "d": _DIGITS,
    "D": complement(_DIGITS),
    "w": _WORDS,
    "W": complement(_WORDS),
    "s": _SPACES,
    "S": complement(_SPACES),
}
_CONTROLS = {"t": 9, "n": 10, "v": 11, "f": 12, "r": 13}
_SYNTAX_CHARACTERS = frozenset("^$\\.*+?()[]{}|/")

_COUNTS = re.compile(r"\{([0-9]+)(,([0-9]*))?\}")
_GROUP_NAME = re.compile(r"\(\?<([A-Za-z_][A-Za-z0-9_]*)>")
_CODE_POINT = re.compile(
    r"\\(?:x(?P<two>[0-9A-Fa-f]{2})|u(?P<four>[0-9A-Fa-f]{4})|u\{(?P<any>[0-9A-Fa-f]+)\}|c(?P<letter>[A-Za-z])"
    r"|0(?![0-9]))"
)
_ANY_ESCAPE = re.compile(r"\\.", re.DOTALL)
_FLAGS = re.compile(r"\(\?[a-zA-Z-]+[:)]")
_SURROGATE = re.compile("[\ud800-\udfff]")

_ESCAPE_ADVICE = {
    "A": r"\A is Python's; write ^ instead.",
    "Z": r"\Z is Python's; write $ instead.",
    "z": r"\z is not ECMAScript; write $ instead.",
    "k": "Backreferences (\\k<name>) are not supported; write the repeated text out, or check it in the action.",
    "p": r"Unicode properties (\p{...}) are not supported; list the characters as ranges, such as [a-z\u{e0}-\u{ff}].",
    "P": r"Unicode properties (\P{...}) are not supported; list the characters as ranges, such as [^a-z].",
    "c": r"\c without a letter after it; write a letter, such as \cA, or \\c for a backslash and a c.",
    "x": r"\x without two hexadecimal digits after it; write them, such as \x41.",
    "u": r"\u without a code point after it; write four hexadecimal digits or \u{...}, up to \u{10FFFF}.",
    "B": r"\B inside a class; it stands for a place, so move it out of the brackets.",
}
_GROUP_ADVICE = {
    "(?P": "(?P is Python's; write (?<name>...) for a named group.",
    "(?#": "Comments, (?#...), are Python's; take the comment out.",
    "(?>": "Atomic groups, (?>...), are not ECMAScript; write (?:...).",
    "(?<=": "Lookbehind, (?<=...), is not supported; match the text before it instead.",
    "(?<!": "Lookbehind, (?<!...), is not supported; match the text before it instead.",
}
_FLAGS_ADVICE = "Flags inside a pattern, (?i), are not supported; write the cases out, such as [Aa]."
# Python before 3.14 has no \B in an empty text.
_NOT_BOUNDARY_ADVICE = r"\B differs between Python and browsers on an empty text; write (?!\b) instead."
_HYPHENS_ADVICE = "Two hyphens in a row in a class, which Python may read as a difference; write \\- for the character."
_SURROGATE_ADVICE = "Half of a surrogate pair; write the whole character, or its code point as \\u{...}."


def parse(pattern: str) -> Node:
    """Return the tree of a pattern, or raise PatternError."""
    half = _SURROGATE.search(pattern)
    if half:
        raise PatternError(half.start(), _SURROGATE_ADVICE)
    return _Parser(pattern).whole()


class _Parser:
    """A recursive descent; each method returns what it read, and leaves `at` after it."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0
        self.depth = 0
        self.names: set[str] = set()

    def whole(self) -> Node:
        """Pattern."""
        node = self.disjunction()
        if self.at < len(self.pattern):
            raise PatternError(self.at, "A ) that closes nothing; write \\) for the character.")
        return node

    def ahead(self, text: str) -> bool:
        """Return whether the text comes next."""
        return self.pattern.startswith(text, self.at)

    def take(self, text: str) -> bool:
        """Return whether the text comes next, and pass it if so."""
        found = self.ahead(text)
        self.at += len(text) if found else 0
        return found

    def disjunction(self) -> Node:
        """Disjunction: alternatives between |."""
        options = [self.alternative()]
        while self.take("|"):
            options.append(self.alternative())
        return options[0] if len(options) == 1 else Alternate(tuple(options))

    def alternative(self) -> Node:
        """Alternative: terms until a | or a )."""
        items: list[Node] = []
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            items.append(self.term())
        if not items:
            return Empty()
        return items[0] if len(items) == 1 else Concat(tuple(items))

    def term(self) -> Node:
        """Term: an assertion, or an atom with its quantifier."""
        offset = self.at
        atom = self.atom()
        counts = self.quantifier()
        if counts is None:
            return atom
        if isinstance(atom, Assertion | Look):
            raise PatternError(offset, "An assertion matches a place and cannot be repeated; take the quantifier out.")
        lazy = self.take("?")
        self.refuse_second_quantifier()
        return Repeat(atom, *counts, lazy, offset)

    def atom(self) -> Node:
        """Atom, or Assertion."""
        character = self.pattern[self.at]
        if character == "(":
            return self.group()
        if character == "[":
            return self.character_class()
        if character == "\\":
            return self.escaped_atom()
        return self.plain_atom(character)

    def plain_atom(self, character: str) -> Node:
        """Return the atom that one character stands for."""
        if character in "*+?" or _COUNTS.match(self.pattern, self.at):
            raise PatternError(self.at, f"Nothing before {character} to repeat; write \\{character} for the character.")
        if character in "{}]":
            raise PatternError(self.at, f"A {character} on its own; write \\{character} for the character.")
        self.at += 1
        if character in "^$":
            return Assertion(character)
        ranges = complement(_LINE_ENDS) if character == "." else _single(ord(character))
        return Chars(ranges, self.at - 1)

    def quantifier(self) -> tuple[int, int | None] | None:
        """Return the least and most of QuantifierPrefix, if one comes next."""
        for sign, counts in (("*", (0, None)), ("+", (1, None)), ("?", (0, 1))):
            if self.take(sign):
                return counts
        braces = _COUNTS.match(self.pattern, self.at)
        return self.counts(braces) if braces else None

    def counts(self, braces: re.Match[str]) -> tuple[int, int | None]:
        """Return the least and most that braces ask for."""
        least = _count(braces[1])
        most = least if braces[2] is None else _count(braces[3]) if braces[3] else None
        if most is not None and most < least:
            raise PatternError(self.at, f"The counts {braces[0]} are the wrong way round; write the smaller one first.")
        if max(least, most or 0) > HIGHEST_COUNT:
            raise PatternError(self.at, f"The count {braces[0]} is too high; write at most {HIGHEST_COUNT}.")
        self.at = braces.end()
        return least, most

    def refuse_second_quantifier(self) -> None:
        """Raise a fault if a quantifier follows a quantifier."""
        if self.ahead("+"):
            raise PatternError(self.at, "Possessive quantifiers, such as a++, are not ECMAScript; take the + out.")
        offset = self.at
        if self.quantifier() is not None:
            raise PatternError(offset, "A quantifier after a quantifier; put what it repeats in (?:...).")

    def group(self) -> Node:
        """Group or lookahead."""
        offset = self.at
        kind = self.group_kind()
        self.depth += 1
        if self.depth > DEEPEST_NESTING:
            raise PatternError(offset, f"More than {DEEPEST_NESTING} groups inside one another; take some out.")
        body = self.disjunction()
        if not self.take(")"):
            raise PatternError(offset, "A ( that is never closed; add the ), or write \\( for the character.")
        self.depth -= 1
        return Look(kind == "(?!", body) if kind in ("(?=", "(?!") else Group(body)

    def group_kind(self) -> str:
        """Pass the opening of a group, and return it without a name."""
        for kind in ("(?:", "(?=", "(?!"):
            if self.take(kind):
                return kind
        if self.ahead("(?"):
            return self.group_name()
        self.at += 1
        return "("

    def group_name(self) -> str:
        """Pass the opening of a named group, and return it without the name."""
        named = _GROUP_NAME.match(self.pattern, self.at)
        if not named:
            raise PatternError(self.at, self.group_advice())
        if named[1] in self.names:
            raise PatternError(self.at, f"A second group named {named[1]}; give each group a name of its own.")
        self.names.add(named[1])
        self.at = named.end()
        return "(?<"

    def group_advice(self) -> str:
        """Return what to say of a (? that opens no supported group."""
        for opening, advice in _GROUP_ADVICE.items():
            if self.ahead(opening):
                return advice
        if _FLAGS.match(self.pattern, self.at):
            return _FLAGS_ADVICE
        if self.ahead("(?<"):
            return "A group name must be ASCII letters, digits and _, as in (?<year>...); rename the group."
        return "A (? that opens no group; write (?:...), (?<name>...), (?=...) or (?!...)."

    def escaped_atom(self) -> Node:
        """Atom or Assertion that begins with a backslash."""
        offset = self.at
        letter = self.pattern[offset + 1 : offset + 2]
        if self.take("\\b"):
            return Assertion("b")
        if letter == "B":
            raise PatternError(offset, _NOT_BOUNDARY_ADVICE)
        return Chars(self.escape(letter, _SYNTAX_CHARACTERS), offset)

    def escape(self, letter: str, identities: frozenset[str]) -> Ranges:
        """Return what an escape matches, in a class or outside."""
        code_point = self.code_point()
        if code_point is None:
            ranges = _SETS.get(letter) or self.short_escape(letter, identities)
            self.at += 2
            return ranges
        return _single(code_point)

    def short_escape(self, letter: str, identities: frozenset[str]) -> Ranges:
        """Return the one character that a backslash and a character stand for."""
        if letter in _CONTROLS:
            return _single(_CONTROLS[letter])
        if letter and letter in identities:
            return _single(ord(letter))
        raise PatternError(self.at, _escape_advice(letter))

    def code_point(self) -> int | None:
        r"""Pass \xHH, \uHHHH, \u{H...}, \cX or \0 and return its code point; None if none comes next."""
        numeric = _CODE_POINT.match(self.pattern, self.at)
        if not numeric:
            return None
        code_point = _value_of(numeric)
        if code_point > LAST_CODE_POINT:
            raise PatternError(self.at, f"{numeric[0]} is past the last code point; write at most \\u{{10FFFF}}.")
        if 0xD800 <= code_point <= 0xDFFF:
            raise PatternError(self.at, _SURROGATE_ADVICE)
        self.at = numeric.end()
        return code_point

    def character_class(self) -> Node:
        """CharacterClass."""
        offset = self.at
        self.at += 1
        negated = self.take("^")
        ranges: list[tuple[int, int]] = []
        while not self.take("]"):
            ranges += self.class_item(offset)
        self.check_class(offset, ranges)
        merged = merge(ranges)
        return Chars(complement(merged) if negated else merged, offset)

    def check_class(self, offset: int, ranges: list[tuple[int, int]]) -> None:
        """Raise a fault for a class that Python reads otherwise."""
        text = self.pattern[offset : self.at]
        if not ranges:
            raise PatternError(offset, f"An empty class, {text}; write its characters, or \\] for the character ].")
        escapes = _ANY_ESCAPE.findall(text)
        if "\\S" in escapes and "\\s" not in escapes:
            raise PatternError(offset, "\\S in a class is not supported; write [^\\s...] with what it must not match.")

    def class_item(self, offset: int) -> Ranges:
        """Return what one character, escape or range in a class matches."""
        start = self.at
        self.refuse_two_hyphens()
        first = self.class_atom(offset)
        self.refuse_two_hyphens()
        if self.ahead("-]") or not self.take("-"):
            return first
        return self.class_range(start, first, self.class_atom(offset))

    def refuse_two_hyphens(self) -> None:
        """Raise a fault if two hyphens come next, in a class."""
        if self.ahead("--"):
            raise PatternError(self.at, _HYPHENS_ADVICE)

    def class_range(self, start: int, first: Ranges, last: Ranges) -> Ranges:
        """Return the range between two atoms of a class."""
        text = self.pattern[start : self.at]
        if not _is_single(first) or not _is_single(last):
            raise PatternError(start, f"The range {text} has a set at an end; write \\- for the character -.")
        if first[0][0] > last[0][0]:
            raise PatternError(start, f"The range {text} is the wrong way round; write the lower character first.")
        return ((first[0][0], last[0][0]),)

    def class_atom(self, offset: int) -> Ranges:
        """ClassAtom."""
        character = self.pattern[self.at : self.at + 1]
        if not character:
            raise PatternError(offset, "A [ that is never closed; add the ], or write \\[ for the character.")
        if character != "\\":
            self.at += 1
            return _single(ord(character))
        if self.take("\\b"):
            return _single(8)
        return self.escape(self.pattern[self.at + 1 : self.at + 2], _SYNTAX_CHARACTERS | {"-"})


def _single(code_point: int) -> Ranges:
    return ((code_point, code_point),)


def _is_single(ranges: Ranges) -> bool:
    return len(ranges) == 1 and ranges[0][0] == ranges[0][1]


def _count(digits: str) -> int:
    """Return a count; one that is too high may come out lower, as int() refuses thousands of digits."""
    return int(digits.lstrip("0")[:9] or "0")


def _value_of(numeric: re.Match[str]) -> int:
    """Return the code point that an escape names."""
    if numeric["letter"]:
        return ord(numeric["letter"]) % 32
    return int(numeric["two"] or numeric["four"] or numeric["any"] or "0", 16)


def _escape_advice(letter: str) -> str:
    """Return what to say of an escape that is not supported."""
    if not letter:
        return "A backslash at the end; write \\\\ for the character."
    if letter == "0":
        return "\\0 with a digit after it; write \\x00 for the null character."
    if letter in "123456789":
        return f"Backreferences (\\{letter}) are not supported; write the repeated text out, or check it in the action."
    return _ESCAPE_ADVICE.get(letter, f"\\{letter} has no meaning; write {letter} for the character.")
