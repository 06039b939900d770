"""What mutations are made of: choosing a part of a document, or finding that there is none."""

import copy
from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import Any, TypeVar

Document = dict[str, Any]
Each = TypeVar("Each")
InPlace = Callable[[Random, Document], None]
"""Changes the document of an action, or raises DoesNotApplyError."""
Mutation = Callable[[Random, Document], list[Document]]
"""Returns the documents that stand where the given one stood."""


class DoesNotApplyError(Exception):
    """The document has nothing that the mutation could change."""


def one_of(chance: Random, found: Iterable[Each]) -> Each:
    """Return one of them. Raises DoesNotApplyError if there is none."""
    listed = list(found)
    if not listed:
        raise DoesNotApplyError
    return chance.choice(listed)


def in_place(change: InPlace) -> Mutation:
    """Return a mutation that leaves one document, which a function has changed."""

    def mutation(chance: Random, document: Document) -> list[Document]:
        changed = copy.deepcopy(document)
        change(chance, changed)
        return [changed]

    mutation.__name__ = change.__name__
    return mutation


def listed(document: Document, key: str) -> list[Any]:
    """Return a list of a document, which has it from then on."""
    found: list[Any] = document.setdefault(key, [])
    return found


def a_param(chance: Random, document: Document, *types: str, having: Sequence[str] = (), lacking: str = "") -> Document:
    """Return a param of some types (any, if none is given) that has some keys, and lacks another."""
    return one_of(
        chance,
        (
            param
            for param in document.get("params", ())
            if (not types or param["type"] in types) and lacking not in param and all(param.get(key) for key in having)
        ),
    )


def an_output(chance: Random, document: Document, *types: str) -> Document:
    """Return an output of some types, any if none is given; never `*`."""
    outputs = document.get("outputs", ())
    return one_of(
        chance, (each for each in outputs if each["name"] != "*" and each["type"] in (types or (each["type"],)))
    )


def another(chance: Random, choices: Iterable[Each], than: Each) -> Each:
    """Return one of the choices that is not the given one."""
    return one_of(chance, (each for each in choices if each != than))
