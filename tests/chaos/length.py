"""How much is tried: a little in `make test`, a lot in `make chaos`."""

import os
import random

LENGTH = int(os.environ.get("BUD_CHAOS_LENGTH", "0"))
"""20,000 in `make chaos`; 0 for a little."""
IS_LONG = LENGTH > 0
SEED = int(os.environ.get("BUD_CHAOS_SEED", "1"))
"""What is drawn follows from it."""


def times(few: int, many: int) -> int:
    """Return how often something is tried, given how often in `make test` and how often in `make chaos`."""
    return max(few, many * LENGTH // 20_000)


def draw() -> random.Random:
    """Return numbers that are the same in each process of a run."""
    return random.Random(SEED)
