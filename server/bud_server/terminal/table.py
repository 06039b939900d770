"""Progress as a table that is redrawn in place, for terminals; what steps log scrolls by above it."""

import time
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from bud_server.runtime.evolve import Entry
from bud_server.runtime.state import ExecutionState
from bud_server.terminal import words
from bud_server.terminal.lines import lines_of
from bud_server.terminal.rows import Row, counts, last_logs, most_telling, rows_of

REDRAW_SECONDS = 0.1
"""Between two drawings, so that many changes at once neither flicker nor cost."""
LINES_BELOW = 4
"""Lines of the window that are not steps: the head, the count, and where the cursor stands."""
_ABOVE = frozenset({"log", "metrics", "attempt_failed", "event_failed", "step_failed"})
"""Kinds of entries that would be lost, or cut short, if only the table told of them."""
_SYMBOLS = {
    "completed": ("✓", "+", "green"),
    "failed": ("✗", "x", "red"),
    "timed out": ("✗", "x", "red"),
    "cancelled": ("■", "#", "yellow"),
    "skipped": ("-", "-", "dim"),
    "waiting": ("…", "~", "cyan"),
    "retrying": ("↻", "@", "yellow"),
    "pending": ("·", ".", "dim"),
    "queued": ("·", ".", "dim"),
}
"""By word: the sign, the same in ASCII, and a colour, which says nothing that the word does not."""
_SPINNER, _ASCII_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "|/-\\"


class LiveTable:
    """Draws where an execution stands."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._logs: dict[str, str] = {}
        self._remarks: list[str] = []
        self._latest: tuple[ExecutionState, float] | None = None
        self._drawn_at = 0.0
        self._live = Live(console=console, auto_refresh=False, vertical_overflow="crop")
        self._live.start()

    def show(self, state: ExecutionState, entries: Sequence[Entry], now: float) -> None:
        """Draw what is new; `state` is what it led to."""
        self._latest = state, now
        last_logs(self._logs, entries)
        for entry in entries:
            for line in lines_of(entry, state.steps, now) if entry.kind in _ABOVE else ():
                self._console.print(Text(line, style="dim"), soft_wrap=True)
        if time.monotonic() - self._drawn_at >= REDRAW_SECONDS:
            self._draw()

    def remark(self, line: str) -> None:
        """Write a line about the execution as a whole above the table."""
        self._console.print(Text(line), soft_wrap=True)

    def close(self) -> None:
        """Leave the table as it is in the end."""
        self._draw()
        self._live.stop()

    def _draw(self) -> None:
        self._drawn_at = time.monotonic()
        if self._latest is not None:
            state, now = self._latest
            frame = int(self._drawn_at / REDRAW_SECONDS)
            is_ascii = self._console.options.ascii_only
            size = self._console.size
            drawn = drawing(rows_of(state, self._logs, now), size.width, size.height - LINES_BELOW, frame, is_ascii)
            self._live.update(drawn, refresh=True)


def drawing(rows: list[Row], width: int, most: int, frame: int, is_ascii: bool) -> RenderableType:
    """Return the table of at most so many steps, for a window so wide, and their count below."""
    shown = most_telling(rows, most)
    table = Table(box=None, expand=True, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("Status", min_width=11, no_wrap=True)
    table.add_column("Step", max_width=min(32, width // 4), no_wrap=True, overflow="ellipsis")
    table.add_column("Time", min_width=8, justify="right", no_wrap=True)
    table.add_column("", ratio=1, no_wrap=True, overflow="ellipsis")
    for row in shown:
        spent = "" if row.seconds is None else words.span(row.seconds)
        table.add_row(_status(row.status, frame, is_ascii), Text(row.step), spent, Text(row.about))
    hidden = len(rows) - len(shown)
    more = f"; {hidden} not shown" if hidden else ""
    return Group(table, Text(f"{counts(rows)}{more}", style="dim"))


def _status(word: str, frame: int, is_ascii: bool) -> Text:
    if word in _SYMBOLS:
        sign, plain, style = _SYMBOLS[word]
    else:
        sign, plain, style = _SPINNER[frame % len(_SPINNER)], _ASCII_SPINNER[frame % len(_ASCII_SPINNER)], "blue"
    return Text(f"{plain if is_ascii else sign} {word}", style=style)
