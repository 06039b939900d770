"""The order of steps: who comes before whom. Nothing here recurses, however long a chain is."""

import heapq
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property


class Graph:
    """Steps and what they depend on. Dependencies on themselves and on steps that are not there are left out.

    Sets of steps are bits of an int, so that all ancestors of thousands of steps cost some megabytes at most.
    """

    def __init__(self, dependencies: Mapping[str, Iterable[str]]) -> None:
        self.steps = tuple(dependencies)
        """Ids in the order of the definition."""
        self._index = {step: index for index, step in enumerate(self.steps)}
        self._before = tuple(
            tuple(dict.fromkeys(self._index[each] for each in needed if each in self._index and each != step))
            for step, needed in dependencies.items()
        )
        after: list[list[int]] = [[] for _ in self.steps]
        for index, needed in enumerate(self._before):
            for each in needed:
                after[each].append(index)
        self._after = after

    def dependencies(self, step: str) -> tuple[str, ...]:
        """Return the steps that a step names in depends_on. Raises KeyError for an unknown step, as all of these do."""
        return self._named(self._before[self._index[step]])

    def dependents(self, step: str) -> tuple[str, ...]:
        """Return the steps that name a step in depends_on, in the order of the definition."""
        return self._named(self._after[self._index[step]])

    def ancestors(self, step: str) -> frozenset[str]:
        """Return all steps that have ended before a step starts."""
        bits = self._ancestors[self._index[step]]
        return frozenset(each for each, index in self._index.items() if bits >> index & 1)

    def is_ancestor(self, step: str, of: str) -> bool:
        """Whether one step has ended before another starts."""
        return bool(self._ancestors[self._index[of]] >> self._index[step] & 1)

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The steps, each after its dependencies, otherwise as defined; what is in or behind a cycle is missing."""
        waiting = [len(needed) for needed in self._before]
        ready = [index for index, count in enumerate(waiting) if not count]
        ordered = []
        while ready:
            index = heapq.heappop(ready)
            ordered.append(index)
            for each in self._after[index]:
                waiting[each] -= 1
                if not waiting[each]:
                    heapq.heappush(ready, each)
        return self._named(ordered)

    @cached_property
    def cycles(self) -> tuple[tuple[str, ...], ...]:
        """Cycles without a step in common, each in the order of work from its first step back to that step."""
        return tuple(map(self._as_path, self._searched[1]))

    def _named(self, indexes: Iterable[int]) -> tuple[str, ...]:
        return tuple(self.steps[index] for index in indexes)

    def _as_path(self, cycle: Sequence[int]) -> tuple[str, ...]:
        start = cycle.index(min(cycle))
        work = [*cycle[start::-1], *cycle[:start:-1]]
        return self._named([*work, work[0]])

    @cached_property
    def _ancestors(self) -> list[int]:
        """Per step, the bits of its ancestors; one pass, or a few where there are cycles."""
        found = [0] * len(self.steps)
        changed = True
        while changed:
            changed = False
            for index in self._searched[0]:
                bits = found[index]
                for each in self._before[index]:
                    bits |= found[each] | 1 << each
                changed = changed or (bool(self.cycles) and bits != found[index])
                found[index] = bits
        return found

    @cached_property
    def _searched(self) -> tuple[list[int], list[list[int]]]:
        """Search depth first: steps, each after its dependencies as far as that is possible, and cycles met."""
        finished: list[int] = []
        cycles: list[list[int]] = []
        in_cycle: set[int] = set()
        state = [0] * len(self.steps)  # 0 not seen, 1 on the path, 2 finished
        for start in range(len(self.steps)):
            if state[start]:
                continue
            state[start] = 1
            path, rest = [start], [iter(self._before[start])]
            while path:
                following = next(rest[-1], None)
                if following is None:
                    state[path[-1]] = 2
                    finished.append(path.pop())
                    rest.pop()
                elif state[following] == 0:
                    state[following] = 1
                    path.append(following)
                    rest.append(iter(self._before[following]))
                elif state[following] == 1 and not in_cycle & {following, path[-1]}:
                    cycle = path[path.index(following) :]
                    if in_cycle.isdisjoint(cycle):
                        in_cycle.update(cycle)
                        cycles.append(cycle)
        return finished, cycles
