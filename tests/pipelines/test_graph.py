"""The order of steps."""

import random
from itertools import pairwise

import pytest

from bud_server.pipelines import Graph


def graph(**dependencies: str) -> Graph:
    return Graph({step: tuple(needed) for step, needed in dependencies.items()})


@pytest.mark.parametrize(
    ("found", "order"),
    [
        (graph(a="", b="", c=""), "abc"),
        (graph(a="b", b=""), "ba"),
        (graph(a="c", b="", c="", d="ab"), "bcad"),
        (graph(a="b", b="a", c="b", d=""), "d"),
        (graph(a="az", b="aa"), "ab"),
    ],
)
def test_the_order_is_that_of_the_definition_as_far_as_dependencies_allow(found: Graph, order: str) -> None:
    assert "".join(found.order) == order


def test_neighbours_are_in_the_order_of_the_definition() -> None:
    found = graph(a="", b="a", c="ba", d="c")

    assert found.dependencies("c") == ("b", "a")
    assert found.dependents("a") == ("b", "c")
    assert found.ancestors("d") == {"a", "b", "c"}
    assert found.is_ancestor("a", of="d")
    assert not found.is_ancestor("d", of="a")
    assert not found.is_ancestor("a", of="a")
    with pytest.raises(KeyError):
        found.ancestors("z")


@pytest.mark.parametrize(
    ("found", "cycles"),
    [
        (graph(a="", b="a"), []),
        (graph(a="b", b="a"), ["aba"]),
        (graph(a="c", b="a", c="b", d="c"), ["abca"]),
        (graph(a="b", b="c", c="a"), ["acba"]),
        (graph(a="b", b="a", c="d", d="c", e="ac"), ["aba", "cdc"]),
    ],
)
def test_cycles_are_shown_in_the_order_of_work(found: Graph, cycles: list[str]) -> None:
    assert ["".join(cycle) for cycle in found.cycles] == cycles


def test_a_cycle_is_its_own_ancestor() -> None:
    found = graph(a="c", b="a", c="b", d="c")

    assert found.ancestors("a") == {"a", "b", "c"}
    assert found.ancestors("d") == {"a", "b", "c"}


def test_drawn_graphs_agree_with_a_plain_search() -> None:
    source = random.Random(1)
    for _ in range(300):
        names = [f"s{index}" for index in range(source.randint(1, 12))]
        needed = {name: source.sample(names, source.randint(0, min(3, len(names)))) for name in names}
        needed = {name: [each for each in others if each != name] for name, others in needed.items()}
        found = Graph(needed)
        plain = {name: _reached(name, needed) for name in names}

        assert {name: found.ancestors(name) for name in names} == plain
        assert bool(found.cycles) == any(name in plain[name] for name in names)
        assert set(found.order) == {
            name for name in names if all(each not in plain[each] for each in {name, *plain[name]})
        }
        for cycle in found.cycles:
            assert all(before in needed[after] for before, after in pairwise(cycle))


def _reached(start: str, needed: dict[str, list[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = list(needed[start])
    while waiting:
        step = waiting.pop()
        if step not in reached:
            reached.add(step)
            waiting += needed[step]
    return reached


def test_long_chains_and_rings_do_not_recurse() -> None:
    size = 20_000
    chain = Graph({str(index): [str(index - 1)] for index in range(size)})

    assert chain.is_ancestor("0", of=str(size - 1))
    assert len(chain.order) == size
    assert len(Graph({str(index): [str((index + 1) % size)] for index in range(size)}).cycles[0]) == size + 1
