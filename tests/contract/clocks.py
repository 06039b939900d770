"""Texts in rows that have a part which only the clock can tell."""

from datetime import datetime


class Moment(str):
    """A moment as JSON; equal to any text that is one, with its distance from UTC."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and datetime.fromisoformat(other).tzinfo is not None

    __hash__ = str.__hash__


class Beginning(str):
    """The beginning of a message; equal to any text that begins with it and goes on with a moment."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and other.startswith(str(self)) and Moment() == other[len(self) :]

    __hash__ = str.__hash__


SOME_MOMENT = Moment("2024-01-26T09:00:00+00:00")
