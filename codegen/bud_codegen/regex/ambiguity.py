"""How many ways a backtracking engine may try a pattern on one text.

A path of the automaton is one of the engine's attempts. The number of paths that read one text grows exponentially or
as a power of the text's length according to Weber & Seidl 1991, "On the degree of ambiguity of finite automata",
criteria EDA and IDA. What does not grow is multiplied out. The result errs on the side of a fault.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from bud_codegen.regex.automaton import MOST_PATHS, TOO_COMPLEX, Automaton, build
from bud_codegen.regex.tree import Node, PatternError, Ranges
from bud_schemas.pattern import LONGEST_SUBJECT

MOST_STEPS = 20000
"""Limit on the work of an analysis, which keeps a check within milliseconds."""

_Key = TypeVar("_Key")
_Nexts = Callable[[_Key], list[tuple[_Key, int]]]
"""What follows a key, each with the letters that lead to it."""

_EXPONENTIAL = (
    "A repetition that can match one text in many ways, so a text that does not fit takes exponential time;"
    " let each character fit in one place only, such as (?:a+,)*a+ and not (?:a+,?)*."
)
_POLYNOMIAL = (
    "One text can be divided in too many ways between this part and those before it, so a text that does not fit takes"
    " too long; put between them a character that they do not match, or join them."
)


def check_ambiguity(tree: Node) -> None:
    """Raise PatternError for a pattern that takes too long on some text, or that is too complex to tell."""
    analysis = _Analysis(build(tree))
    analysis.check_loops()
    analysis.check_paths()


def bits(mask: int) -> Iterator[int]:
    """Return the positions in a mask."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def letters_of(sets: list[Ranges]) -> list[int]:
    """Return the sets as masks of letters, a letter being code points that no set tells apart."""
    bounds = sorted({bound for ranges in sets for low, high in ranges for bound in (low, high + 1)})
    masks = {ranges: sum(_letters_between(bounds, low, high) for low, high in ranges) for ranges in set(sets)}
    return [masks[ranges] for ranges in sets]


def _letters_between(bounds: list[int], low: int, high: int) -> int:
    return (1 << bisect_left(bounds, high + 1)) - (1 << bisect_left(bounds, low))


@dataclass(slots=True)
class _Entry:
    """Paths that enter a component; as masks, where from, what may be reached besides that, and what is read."""

    sources: int
    together: int
    letters: int
    paths: int

    def meets(self, other: "_Entry") -> bool:
        """Return whether one text may lead along both."""
        return bool(self.together & other.sources and self.letters & other.letters)

    def add(self, other: "_Entry") -> None:
        """Take in an entry that is never met."""
        self.sources |= other.sources
        self.together |= other.together
        self.letters |= other.letters
        self.paths = max(self.paths, other.paths)


def _always(paths: int) -> _Entry:
    """Return an entry that is met by all others, such as one into a loop in which a path may be already."""
    return _Entry(-1, -1, -1, paths)


class _Analysis:
    """What paths of an automaton can read the same text."""

    def __init__(self, automaton: Automaton) -> None:
        self.automaton = automaton
        self.size = len(automaton.sets)
        self.letters = letters_of(automaton.sets)
        self.after = [_mask(counts) for counts in automaton.follow]
        self.before = _reverse(self.after)
        self.steps = MOST_STEPS
        self.sharers: dict[int, int] = {}
        self.parts = self.components()
        self.loops = [part for part in self.parts if self.is_loop(part)]
        self.together = self.find_together()

    def fault(self, mask: int, message: str) -> PatternError:
        """Return a fault where the first position of a mask is written."""
        offset = min((self.automaton.offsets[position] for position in bits(mask)), default=0)
        return PatternError(offset, message, is_backtracking=True)

    def spend(self, steps: int) -> None:
        """Count steps of the analysis, and give up if there are too many."""
        self.steps -= steps
        if self.steps < 0:
            raise self.fault(0, TOO_COMPLEX)

    def sharing(self, letters: int) -> int:
        """Return the positions that match any of the letters."""
        if letters not in self.sharers:
            self.spend(self.size // 8)
            self.sharers[letters] = _mask(p for p in range(self.size) if self.letters[p] & letters)
        return self.sharers[letters]

    def components(self) -> list[int]:
        """Return the strongly connected components, those that lead to others first (Kosaraju)."""
        left = (1 << self.size) - 1
        found = []
        for root in reversed(self.finishing_order()):
            if left >> root & 1:
                found.append(self.flood(root, left))
                left &= ~found[-1]
        return found

    def finishing_order(self) -> list[int]:
        """Return the positions in the order in which a depth-first search leaves them."""
        order: list[int] = []
        unseen = (1 << self.size) - 1
        while unseen:
            path = [unseen.bit_length() - 1]
            unseen ^= 1 << path[0]
            while path:
                fresh = self.after[path[-1]] & unseen
                if fresh:
                    path.append(fresh.bit_length() - 1)
                    unseen ^= 1 << path[-1]
                else:
                    order.append(path.pop())
        return order

    def flood(self, root: int, within: int) -> int:
        """Return what leads to a position without leaving a mask."""
        found = fresh = 1 << root
        while fresh:
            fresh = _union(self.before, fresh) & within & ~found
            found |= fresh
        return found

    def is_loop(self, part: int) -> bool:
        """Return whether a path can stay in a component."""
        root = part.bit_length() - 1
        return part != 1 << root or bool(self.after[root] & part)

    def reach(self, rows: dict[_Key, int], nexts: _Nexts[_Key], edges: list[int], within: int) -> dict[_Key, int]:
        """Return the rows that reading the same letters in a key and in a member of its mask leads to."""
        found = dict(rows)
        fresh = dict(rows)
        while fresh:
            key, mask = fresh.popitem()
            members = _union(edges, mask) & within
            keys = nexts(key)
            self.spend(mask.bit_count() + len(keys))
            for following, letters in keys:
                new = members & self.sharing(letters) & ~found.get(following, 0)
                if new:
                    found[following] = found.get(following, 0) | new
                    fresh[following] = fresh.get(following, 0) | new
        return found

    def pairs(self, rows: dict[int, int], edges: list[int], within: int) -> dict[int, int]:
        """Return the pairs of positions reached from pairs by reading the same text."""

        def nexts(position: int) -> list[tuple[int, int]]:
            return [(follower, self.letters[follower]) for follower in bits(edges[position] & within)]

        return self.reach(rows, nexts, edges, within)

    def find_together(self) -> list[int]:
        """Return, for each position, those that one text can lead to as well."""
        start = _mask(self.automaton.start)
        rows = {position: 1 << position for position in range(self.size)}
        for position in bits(start):
            rows[position] |= start & self.sharing(self.letters[position])
        found = self.pairs(rows, self.after, (1 << self.size) - 1)
        return [found[position] for position in range(self.size)]

    def check_loops(self) -> None:
        """Raise PatternError if one text leads from a position back to it in two ways (EDA)."""
        for loop in self.loops:
            if self.has_double_link(loop) or self.has_detour(loop):
                raise self.fault(loop, _EXPONENTIAL)

    def has_double_link(self, loop: int) -> bool:
        """Return whether a position follows another in two ways, within a loop."""
        follow = self.automaton.follow
        return any(ways > 1 and loop >> q & 1 for position in bits(loop) for q, ways in follow[position].items())

    def has_detour(self, loop: int) -> bool:
        """Return whether two paths in a loop part, read the same text, and meet."""
        same = {position: 1 << position for position in bits(loop)}
        parted = self.pairs(same, self.after, loop)
        meeting = self.pairs(same, self.before, loop)
        return any(parted[position] & meeting[position] & ~same[position] for position in same)

    def check_paths(self) -> None:
        """Raise PatternError if too many paths may reach a position by reading one text."""
        paths = [0] * self.size
        for part in self.parts:
            total = self.entries(part, paths) + self.splits(part, paths)
            if total > MOST_PATHS:
                raise self.fault(part, _POLYNOMIAL)
            for position in bits(part):
                paths[position] = total

    def entries(self, part: int, paths: list[int]) -> int:
        """Return how many paths enter a component, counting only one of those that exclude each other."""
        groups: list[_Entry] = []
        for entry in self.all_entries(part, paths):
            rival = next((group for group in groups if not entry.meets(group)), None)
            if rival:
                rival.add(entry)
            else:
                groups.append(entry)
        self.spend(len(groups))
        return sum(group.paths for group in groups)

    def all_entries(self, part: int, paths: list[int]) -> Iterator[_Entry]:
        """Return the links that lead into a component, and those of the start."""
        stays = part in self.loops
        lasting = self.all_together(part) if stays else 0
        outside = 1 << self.size
        for position in bits(part):
            letters = self.letters[position]
            if position in self.automaton.start:
                ways = self.automaton.start[position]
                yield _always(ways) if stays else _Entry(outside, outside, letters, ways)
            for source in bits(self.before[position] & ~part):
                ways = paths[source] * self.automaton.follow[source][position]
                late = lasting >> source & 1
                yield _always(ways) if late else _Entry(1 << source, self.together[source], letters, ways)

    def all_together(self, part: int) -> int:
        """Return the positions that one text can lead to as well as to some position of a component."""
        return _union(self.together, part)

    def splits(self, part: int, paths: list[int]) -> int:
        """Return how many paths a loop adds by dividing a text between an earlier loop and itself."""
        if part not in self.loops:
            return 0
        earlier = [loop for loop in self.loops[: self.loops.index(part)] if self.divides(loop, part)]
        return sum(paths[loop.bit_length() - 1] * min(self.longest(loop), self.longest(part)) for loop in earlier)

    def longest(self, loop: int) -> int:
        """Return how many characters a loop may match."""
        root = loop.bit_length() - 1
        return self.automaton.longest[root] if loop == 1 << root else LONGEST_SUBJECT

    def divides(self, left: int, right: int) -> bool:
        """Return whether a text can stay in one loop, lead to the other, or stay in that (IDA)."""
        return any(self.is_divided(p, q, left, right) for q in bits(right) for p in bits(self.together[q] & left))

    def is_divided(self, p: int, q: int, left: int, right: int) -> bool:
        """Return whether one text leads from p to p, from p to q, and from q to q."""

        def nexts(key: tuple[int, int]) -> list[tuple[tuple[int, int], int]]:
            firsts = list(bits(self.after[key[0]] & left))
            lasts = list(bits(self.after[key[1]] & right))
            both = ((a, b, self.letters[a] & self.letters[b]) for a in firsts for b in lasts)
            return [((a, b), letters) for a, b, letters in both if letters]

        rows = self.reach({(p, q): 1 << p}, nexts, self.after, (1 << self.size) - 1)
        return bool(rows[p, q] >> q & 1)


def _mask(positions: Iterable[int]) -> int:
    mask = 0
    for position in positions:
        mask |= 1 << position
    return mask


def _union(masks: list[int], chosen: int) -> int:
    """Return the union of the chosen masks."""
    union = 0
    for position in bits(chosen):
        union |= masks[position]
    return union


def _reverse(masks: list[int]) -> list[int]:
    """Return the edges the other way round."""
    reverse = [0] * len(masks)
    for position, mask in enumerate(masks):
        for follower in bits(mask):
            reverse[follower] |= 1 << position
    return reverse
