"""Edits of a file's content that leave its encoding mark, its line ends and how it ends alone."""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple


class Replacement(NamedTuple):
    """What comes in place of a stretch of a text; positions are indexes."""

    start: int
    end: int
    text: str


def replaced(text: str, replacements: Iterable[Replacement]) -> str:
    """Return a text with stretches of it replaced; they must not overlap. New lines end as the others do."""
    end_of_line = line_end(text)
    for start, end, new in sorted(replacements, reverse=True):
        text = text[:start] + new.replace("\n", end_of_line) + text[end:]
    return text


def edited(content: bytes, edit: Callable[[str], str]) -> tuple[bytes, bytes]:
    """Apply an edit to a content in UTF-8, and return it as it ended before and with an end of the last line.

    The edit gets a text without encoding mark, whose last line has an end.
    """
    text = content.decode("utf-8")
    mark = text[: text.startswith("\ufeff")]
    text = text.removeprefix(mark)
    missing = "" if text.endswith(("\n", "\r")) else line_end(text)
    made = mark + edit(text + missing)
    return made.removesuffix(missing).encode(), made.encode()


def line_end(text: str) -> str:
    """Return how the first line of a text ends; a line feed if it does not."""
    found = re.search(r"\r\n|\r|\n", text)
    return found.group() if found else "\n"
