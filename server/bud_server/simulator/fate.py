"""What becomes of a call or of work: as its names ask for, or by chance."""

import re
from collections import Counter
from enum import StrEnum
from random import Random, SystemRandom
from uuid import UUID

from bud_server.simulator.options import Options


class Trait(StrEnum):
    """One way in which things go differently. A name that holds the word asks for it."""

    FAIL = "fail"
    """Work fails on the way; a call without work is refused."""
    SLOW = "slow"
    """Everything takes ten times as long."""
    DUPLICATE = "duplicate"
    """Each event comes twice."""
    EARLY = "early"
    """All events come before the answer of the call that started the work."""
    LOST = "lost"
    """The call has its effect, but the connection breaks instead of an answer."""


_WORDS = re.compile(rf"(?<![a-z])({'|'.join(Trait)})(?![a-z])")


def asked_for(*names: object) -> frozenset[Trait]:
    """Return the traits that names hold as words: `acme/fail-7b` holds fail, `failover` does not."""
    texts = [name.lower() for name in names if isinstance(name, str)]
    return frozenset(Trait(word) for text in texts for word in _WORDS.findall(text))


class Chance:
    """Draws that depend on the seed, on what they are for and on nothing else, however calls overlap."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._seed = SystemRandom().getrandbits(64) if options.seed is None else options.seed
        self._seen: Counter[str] = Counter()

    def draw(self, label: str) -> Random:
        """Return the source of chance for the next thing of a label."""
        self._seen[label] += 1
        return Random(f"{self._seed}/{label}/{self._seen[label]}")  # noqa: S311 - repeatable, not secret

    def traits(self, label: str) -> frozenset[Trait]:
        """Return what happens by chance to the next thing of a label."""
        options = self._options
        shares = {
            Trait.FAIL: options.failures,
            Trait.DUPLICATE: options.duplicates,
            Trait.EARLY: options.early,
            Trait.LOST: options.lost,
        }
        draw = self.draw(f"traits/{label}")
        return frozenset(trait for trait, share in shares.items() if draw.random() < share)

    def new_id(self, label: str) -> str:
        """Return a UUID for the next thing of a label."""
        return str(UUID(int=self.draw(f"id/{label}").getrandbits(128), version=4))
