"""Names that are known, and what somebody who wrote another one may have meant."""

import difflib
from collections.abc import Iterable

MOST_LISTED = 20
"""Names that a hint lists at most."""
MOST_COMPARED = 100_000
"""Characters of known names that words are compared with; comparing thousands with thousands would take minutes."""
LONGEST_WORD = 100
"""Characters of a word that are compared or shown."""


class Names:
    """The names that may be used in one place."""

    def __init__(self, known: Iterable[str]) -> None:
        self._known = tuple(known)
        self._nearest: dict[str, str | None] = {}
        self._cost = sum(map(len, self._known))
        self._left = MOST_COMPARED

    def hint(self, word: str) -> str | None:
        """Return "did you mean 'x'?" if a known name is near, else the known ones; None if there are none."""
        listed = ", ".join(self._known[:MOST_LISTED]) + (", ..." if len(self._known) > MOST_LISTED else "")
        return self.nearest(word) or (f"known here: {listed}" if listed else None)

    def nearest(self, word: str) -> str | None:
        """Return "did you mean 'x'?" if a known name is near, else None."""
        if word not in self._nearest:
            self._left -= self._cost
            if self._left < 0:
                return None
            near = difflib.get_close_matches(word[:LONGEST_WORD], self._known, n=1, cutoff=0.6)
            self._nearest[word] = f"did you mean '{near[0]}'?" if near else None
        return self._nearest[word]


def shortened(text: str) -> str:
    """Return a text, or its beginning if it is long."""
    return text if len(text) <= LONGEST_WORD else f"{text[:LONGEST_WORD]}..."
