"""What can be wrong with an expression: when it is compiled, and when it is evaluated."""

import difflib
from collections.abc import Iterable

Path = tuple[str | int, ...]
"""Keys and indexes that lead to a text within a value."""


class ExpressionError(Exception):
    """A text is no expression of the language."""

    def __init__(self, message: str, position: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.position = position
        """Offset of the fault in the text, in characters."""


class CompileErrors(Exception):  # noqa: N818 - it holds several
    """Texts within a value are no expressions of the language."""

    def __init__(self, errors: Iterable[tuple[Path, ExpressionError]]) -> None:
        self.errors = tuple(errors)
        """Each fault with the path of its text."""
        super().__init__("; ".join(f"{'.'.join(map(str, path))}: {error}" for path, error in self.errors))


class EvaluationError(Exception):
    """An expression has no value for the given params and steps."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
        self.path: Path = ()
        """Where the text is within a compiled value."""


class UnknownReferenceError(EvaluationError):
    """What an expression refers to is not there."""

    def __init__(self, reference: str, reason: str) -> None:
        super().__init__(f"{reference} {reason}" if reference else reason)
        self.reference = reference
        """What is not there, such as `steps.a.outputs.nope`."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the end of a message about an unknown word: what it was probably meant to be, or nothing."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""
