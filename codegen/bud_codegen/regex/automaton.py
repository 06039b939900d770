r"""The position automaton of a `pattern` (Glushkov 1961, "The abstract theory of automata").

A position is a place where a set of characters is written; p is followed by q as many times as there are ways to go
from p to q, so that (a*)* keeps both of its ways from a to a.

The automaton has the paths of a backtracking engine, and more: \b and lookaheads are taken to hold everywhere, and a
high count, as in [a-z]{1,63}, is taken to be a loop. Assertions that hold rarely are followed: ^ is passed only at the
start of the text, and $ only at its end.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from bud_codegen.regex.tree import (
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
)
from bud_schemas.pattern import LONGEST_SUBJECT

MOST_PATHS = 4 * LONGEST_SUBJECT
"""Most paths that may lead to a position: those of two neighbouring loops, with some room for what does not loop."""

MOST_POSITIONS = 600
MOST_LINKS = 6000
"""Limits on the size of an automaton, which keep a check within milliseconds."""

MOST_COPIES = 8
"""Counts up to this are written out; higher ones are loops."""

MOST_EXACT_COPIES = 64
"""The same for a fixed count of one set, as in [0-9a-f]{64}."""

Counts = dict[int, int]
"""How many ways lead to each position."""

TOO_COMPLEX = "The pattern is too complex to check; write it more simply, or in parts."
_EMPTY_REPEAT = "What is repeated here may be empty, so it needs no least count; write {0,n} or *."


@dataclass(slots=True)
class Automaton:
    """A position automaton; positions are numbers, and sets of them are masks."""

    sets: list[Ranges] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    longest: list[int] = field(default_factory=list)  # how many characters a loop at the position may match
    follow: list[Counts] = field(default_factory=list)
    start: Counts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Part:
    """How a piece of a pattern can be entered, left and passed by."""

    start: Counts  # its first positions at the start of the text, where ^ holds
    first: Counts  # its first positions elsewhere
    last: Counts
    passes_start: int  # ways to match nothing at the start of the text
    passes: int  # ways to match nothing between two characters
    empties: int  # ways to match nothing anywhere


_EMPTY = _Part({}, {}, {}, 1, 1, 1)
_AT_START = _Part({}, {}, {}, 1, 0, 1)
_AT_END = _Part({}, {}, {}, 0, 0, 1)


def build(tree: Node) -> Automaton:
    """Return the automaton of a pattern."""
    builder = _Builder()
    builder.automaton.start = builder.part(tree).start
    return builder.automaton


class _Builder:
    """Adds the positions of a tree to an automaton."""

    def __init__(self) -> None:
        self.automaton = Automaton()
        self.links = 0

    def part(self, node: Node) -> _Part:
        """Add the positions of a node."""
        match node:
            case Empty():
                return _EMPTY
            case Chars():
                return self.position(node)
            case Assertion(kind):
                return {"^": _AT_START, "$": _AT_END}.get(kind, _EMPTY)
            case Look(_, body):
                return self.look(body)
            case Group(body):
                return self.part(body)
            case Concat(items):
                return self.sequence(self.part(item) for item in items)
            case Alternate(options):
                return _either([self.part(option) for option in options])
            case Repeat():
                return self.repeat(node)

    def position(self, node: Chars, longest: int = LONGEST_SUBJECT) -> _Part:
        """Add one position."""
        automaton = self.automaton
        number = len(automaton.sets)
        if number == MOST_POSITIONS:
            raise PatternError(node.offset, TOO_COMPLEX, is_backtracking=True)
        automaton.sets.append(node.ranges)
        automaton.offsets.append(node.offset)
        automaton.longest.append(longest)
        automaton.follow.append({})
        once = {number: 1}
        return _Part(once, once, once, 0, 0, 0)

    def look(self, body: Node) -> _Part:
        """Add a lookahead: paths that lead nowhere, next to one that passes it by."""
        part = self.part(body)
        return _Part(part.start, part.first, {}, 1, 1, 1)

    def sequence(self, parts: Iterable[_Part]) -> _Part:
        """Link parts one after another."""
        whole = _EMPTY
        for part in parts:
            whole = self.pair(whole, part)
        return whole

    def pair(self, left: _Part, right: _Part) -> _Part:
        """Link two parts."""
        self.link(left.last, right.first)
        return _Part(
            _sum(left.start, _times(right.start, left.passes_start)),
            _sum(left.first, _times(right.first, left.passes)),
            _sum(right.last, _times(left.last, right.passes)),
            left.passes_start * right.passes_start,
            left.passes * right.passes,
            _checked(left.empties * right.empties),
        )

    def link(self, last: Counts, first: Counts) -> None:
        """Let each first position follow each last one."""
        self.links += len(last) * len(first)
        if self.links > MOST_LINKS:
            raise PatternError(self.automaton.offsets[min(first)], TOO_COMPLEX, is_backtracking=True)
        for position, ways in last.items():
            follow = self.automaton.follow[position]
            for follower, more in first.items():
                follow[follower] = follow.get(follower, 0) + ways * more

    def repeat(self, node: Repeat) -> _Part:
        """Add a repetition, as copies or as a loop."""
        body, least, most = _ungroup(node.body), node.least, node.most
        if most == 0:
            return _EMPTY
        exact = most == least <= MOST_EXACT_COPIES and isinstance(body, Chars)
        if most is not None and (most <= MOST_COPIES or exact):
            return self.copies(body, least, most)
        return self.loop(node, body)

    def copies(self, body: Node, least: int, most: int) -> _Part:
        """Add a repetition with few iterations: required ones, then optional ones inside one another."""
        required = [self.part(body) for _ in range(least)]
        tail = _EMPTY
        for part in [self.part(body) for _ in range(most - least)]:
            tail = _optional(self.pair(part, tail))
        return self.sequence([*required, tail])

    def loop(self, node: Repeat, body: Node) -> _Part:
        """Add a repetition with many iterations."""
        few = node.least <= MOST_COPIES and node.most is None
        required = [self.part(body) for _ in range(node.least - 1)] if few else []
        # One set is a loop of its own, which a count keeps short.
        again = self.position(body, node.most or LONGEST_SUBJECT) if isinstance(body, Chars) else self.part(body)
        if again.empties and node.least > MOST_COPIES:
            raise PatternError(node.offset, _EMPTY_REPEAT, is_backtracking=True)
        looped = self.sequence([*required, self.plus(again)])
        return looped if node.least else _optional(looped)

    def plus(self, part: _Part) -> _Part:
        """Let a part follow itself."""
        self.link(part.last, part.first)
        # Python tries one empty iteration after the last one that counts, and then none, before what comes next.
        last = _times(part.last, 1 + part.passes)
        passes_start = part.passes_start * (1 + part.passes_start)
        passes = part.passes * (1 + part.passes)
        return _Part(part.start, part.first, last, passes_start, passes, _checked(part.empties * (1 + part.empties)))


def _ungroup(node: Node) -> Node:
    """Return a node without the groups around it."""
    while isinstance(node, Group):
        node = node.body
    return node


def _optional(part: _Part) -> _Part:
    """Return a part with one more way to match nothing."""
    counts = (part.passes_start + 1, part.passes + 1, _checked(part.empties + 1))
    return _Part(part.start, part.first, part.last, *counts)


def _either(parts: list[_Part]) -> _Part:
    """Return what matches as any of the parts does."""
    return _Part(
        _sum(*(part.start for part in parts)),
        _sum(*(part.first for part in parts)),
        _sum(*(part.last for part in parts)),
        sum(part.passes_start for part in parts),
        sum(part.passes for part in parts),
        _checked(sum(part.empties for part in parts)),
    )


def _sum(*all_counts: Counts) -> Counts:
    total: Counts = {}
    for counts in all_counts:
        for position, ways in counts.items():
            total[position] = total.get(position, 0) + ways
    return total


def _times(counts: Counts, factor: int) -> Counts:
    return {position: ways * factor for position, ways in counts.items()} if factor else {}


def _checked(empties: int) -> int:
    """Return a number of ways to match nothing, or raise PatternError if it is too high."""
    if empties > MOST_PATHS:
        raise PatternError(
            0, "There are too many ways to match nothing; take out what may be empty.", is_backtracking=True
        )
    return empties
