"""What bounds the cost of an expression, and the count of the work that its evaluation has done."""

from collections.abc import Iterator, Mapping
from typing import Any

from bud_server.expressions.errors import EvaluationError

LONGEST_TEXT = 10_000
"""Characters of a text with expressions."""
MOST_NODES = 1_000
"""Nodes of the syntax trees of a text."""
DEEPEST_SYNTAX = 100
DEEPEST_BRACKETS = 30
DEEPEST_VALUE = 100
LONGEST_STRING = 1 << 20
"""Characters of a text that an expression makes."""
LONGEST_LIST = 100_000
"""Items of a list that an expression makes."""
MOST_BITS = 4_096
"""Size of an integer that an expression makes."""
MOST_WORK = 500_000
"""Units that an evaluation may spend; about 100 ns each at most."""

_CHARACTERS_PER_UNIT = 16
_BITS_PER_UNIT = 64


class Work:
    """What an evaluation may still spend. It counts sizes and no time, so that the outcome is the same everywhere."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MOST_WORK

    def spend(self, units: int) -> None:
        """Spend some units. Raises EvaluationError if that is more than is left."""
        self.left -= units
        if self.left < 0:
            raise EvaluationError("this takes too much work: use smaller values, or fewer operations on them")

    def touch(self, value: Any, times: int = 1) -> None:
        """Spend the cost of going through a whole value some times. Raises EvaluationError if that is too much."""
        self.spend(_cost(value, self.left) * times)


def _cost(value: Any, most: int) -> int:
    """Return the units for a value at any depth, or some number above the most that is wanted."""
    units, containers = _weight(value), [_members(value)]
    while containers and units <= most:
        for item in containers[-1]:
            units += _weight(item)
            if type(item) not in _SCALARS and isinstance(item, _CONTAINERS):
                if len(containers) >= DEEPEST_VALUE:
                    raise EvaluationError(f"a value is nested deeper than {DEEPEST_VALUE}")
                containers.append(_members(item))
                break
            if units > most:
                break
        else:
            containers.pop()
    return units


_SCALARS = frozenset({str, int, float, bool, type(None)})
_CONTAINERS = (list, tuple, Mapping)


def _members(value: Any) -> Iterator[Any]:
    if type(value) in _SCALARS or not isinstance(value, _CONTAINERS):
        return iter(())
    if isinstance(value, Mapping):
        return (part for member in value.items() for part in member)
    return iter(value)


def _weight(value: Any) -> int:
    if isinstance(value, str):
        return 1 + len(value) // _CHARACTERS_PER_UNIT
    return 1 + value.bit_length() // _BITS_PER_UNIT if isinstance(value, int) else 1


def check_length(length: int) -> None:
    """Raise EvaluationError if a text is too long to be made."""
    if length > LONGEST_STRING:
        raise EvaluationError(f"the text would be longer than {LONGEST_STRING:,} characters")


def check_count(count: int) -> None:
    """Raise EvaluationError if a list is too long to be made."""
    if count > LONGEST_LIST:
        raise EvaluationError(f"the list would have more than {LONGEST_LIST:,} items")


def check_bits(bits: int) -> None:
    """Raise EvaluationError if an integer is too large to be made."""
    if bits > MOST_BITS:
        raise EvaluationError(f"the number would have more than {MOST_BITS:,} bits")
