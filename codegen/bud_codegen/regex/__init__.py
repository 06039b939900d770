"""Decides whether a `pattern` means one thing, in Python as in a browser, and can be matched in reasonable time."""

import re
import warnings

from bud_codegen.regex.ambiguity import check_ambiguity
from bud_codegen.regex.syntax import parse
from bud_codegen.regex.tree import PatternError, PatternFault
from bud_schemas.pattern import compile_pattern

__all__ = ["PatternFault", "check_pattern"]


def check_pattern(pattern: str) -> PatternFault | None:
    """Return the first fault of a pattern; None if it can be used."""
    try:
        tree = parse(pattern)
        check_ambiguity(tree)
    except PatternError as error:
        return error.fault
    except RecursionError:
        return PatternFault(0, "The pattern is nested too deeply; take some of its groups out.", is_backtracking=True)
    return _check_python(pattern)


def _check_python(pattern: str) -> PatternFault | None:
    """Return a fault if Python refuses the pattern, or warns of it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            compile_pattern(pattern)
    except (re.error, Warning, OverflowError, RecursionError) as error:
        return PatternFault(0, f"Python cannot use this pattern ({error}); write it more simply.")
    return None
