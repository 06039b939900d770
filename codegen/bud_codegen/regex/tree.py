"""The tree of a `pattern`, and the fault that there may be in one."""

from dataclasses import dataclass

LAST_CODE_POINT = 0x10FFFF

Ranges = tuple[tuple[int, int], ...]
"""Code points as sorted, disjoint, inclusive ranges."""


@dataclass(frozen=True, slots=True)
class PatternFault:
    """What is wrong with a pattern, and where."""

    offset: int
    message: str
    is_backtracking: bool = False


class PatternError(Exception):
    """Ends a check early; carries the fault to report."""

    def __init__(self, offset: int, message: str, *, is_backtracking: bool = False) -> None:
        super().__init__(message)
        self.fault = PatternFault(offset, message, is_backtracking)


@dataclass(frozen=True, slots=True)
class Empty:
    """Matches nothing, at no cost."""


@dataclass(frozen=True, slots=True)
class Chars:
    """Matches one code point of a set; `offset` is where the set is written."""

    ranges: Ranges
    offset: int


@dataclass(frozen=True, slots=True)
class Assertion:
    """Matches a place: `kind` is one of ^ $ b."""

    kind: str


@dataclass(frozen=True, slots=True)
class Look:
    """Matches a place that is followed by the body, or, if negative, that is not."""

    negative: bool
    body: "Node"


@dataclass(frozen=True, slots=True)
class Group:
    """Parentheses, capturing or not."""

    body: "Node"


@dataclass(frozen=True, slots=True)
class Concat:
    """Matches its items one after another."""

    items: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Alternate:
    """Matches any of its options."""

    options: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """Matches the body from `least` to `most` times; no `most` is no limit. `offset` is where the body begins."""

    body: "Node"
    least: int
    most: int | None
    lazy: bool
    offset: int


Node = Empty | Chars | Assertion | Look | Group | Concat | Alternate | Repeat


def merge(ranges: list[tuple[int, int]]) -> Ranges:
    """Return the ranges sorted, with those that touch joined."""
    merged: list[tuple[int, int]] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(high, merged[-1][1]))
        else:
            merged.append((low, high))
    return tuple(merged)


def complement(ranges: Ranges) -> Ranges:
    """Return every code point that is not in the ranges."""
    gaps: list[tuple[int, int]] = []
    start = 0
    for low, high in ranges:
        if start < low:
            gaps.append((start, low - 1))
        start = high + 1
    if start <= LAST_CODE_POINT:
        gaps.append((start, LAST_CODE_POINT))
    return tuple(gaps)
