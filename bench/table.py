"""Rows of figures next to their peers' and their targets, printed as plain text."""

import sys
from collections.abc import Iterable, Sequence
from typing import NamedTuple

HEAD = ("what", "measured", "peer", "ratio", "target", "verdict")


class Row(NamedTuple):
    """One figure."""

    what: str
    measured: str
    peer: str = ""
    ratio: str = ""
    target: str = ""
    is_met: bool | None = None
    """None for a figure that is only worth knowing."""

    @property
    def verdict(self) -> str:
        """What the last column says."""
        return "" if self.is_met is None else "ok" if self.is_met else "short"


def at_most(what: str, measured: float, peer: float, limit: float | None, unit: str = "s") -> Row:
    """Return a row whose ratio is what was measured per what the peer took; the lower, the better."""
    ratio = measured / peer
    target = "" if limit is None else f"<= {limit:g} x"
    is_met = None if limit is None else ratio <= limit
    return Row(what, quantity(measured, unit), quantity(peer, unit), f"{ratio:.3g} x", target, is_met)


def times_as_fast(what: str, seconds: float, peer: float, limit: float | None) -> Row:
    """Return a row whose ratio says how many times as fast as the peer it went; the higher, the better."""
    ratio = peer / seconds
    target = "" if limit is None else f">= {limit:g} x"
    is_met = None if limit is None else ratio >= limit
    return Row(what, quantity(seconds, "s"), quantity(peer, "s"), f"{ratio:.3g} x", target, is_met)


def within(what: str, seconds: float, limit: float) -> Row:
    """Return a row for a time that must stay within a fixed one."""
    return Row(what, quantity(seconds, "s"), target=f"<= {quantity(limit, 's')}", is_met=seconds <= limit)


def quantity(number: float, unit: str) -> str:
    """Write a quantity with the prefix that fits."""
    if unit == "s" and number < 0.001:
        return f"{number * 1e6:.3g} us"
    if unit == "s" and number < 1:
        return f"{number * 1e3:.3g} ms"
    return f"{number:.3g} {unit}" if number < 100 else f"{number:.0f} {unit}"


def show(title: str, rows: Sequence[Row], notes: Iterable[str] = ()) -> None:
    """Print a table with its title above and notes below."""
    lines = [HEAD, *((*row[:5], row.verdict) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(HEAD))]
    say(f"\n{title}\n")
    for line in lines:
        cells = (
            cell.ljust(width) if column in (0, 4) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        say("  " + "  ".join(cells).rstrip())
    for note in notes:
        say(f"  * {note}")


def say(text: str) -> None:
    """Print a line at once, also into a pipe."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
