"""Cases: an action before and after one mutation, all under names of their own so that one run judges many."""

import copy
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from bud_codegen import api
from bud_codegen.model import Project
from bud_schemas import ParamValidator, shapes
from tests.diff.proof.documents import base_documents
from tests.diff.proof.mutations import MUTATIONS
from tests.diff.proof.picking import Document, DoesNotApplyError

ALONE = Project("alone")
ROUNDS = 3
"""How often each document is tried for one case before its mutation counts as one that never applies."""


@dataclass(frozen=True, slots=True)
class Case:
    """One mutation of one action."""

    name: str
    """Type of the action before, and how every type of the case starts: `case_0017`."""
    mutation: str
    before: Document
    after: tuple[Document, ...]

    def __str__(self) -> str:
        return f"{self.name} ({self.mutation} of {self.before['name']!r})"


def draw_cases(count: int, seed: int, names: Iterable[str] = tuple(MUTATIONS)) -> list[Case]:
    """Draw cases, each mutation as often as the others; the same for the same seed."""
    chance = Random(seed)
    kinds = list(names)
    chance.shuffle(kinds)
    return [_draw(chance, f"case_{number:04}", kinds[number % len(kinds)]) for number in range(count)]


def _draw(chance: Random, name: str, mutation: str) -> Case:
    documents = base_documents()
    for document in chance.sample(documents, len(documents)) * ROUNDS:
        before = _own(document, name)
        try:
            after = MUTATIONS[mutation](chance, copy.deepcopy(before))
        except DoesNotApplyError:
            continue
        before, after = _with_common_examples(before, after)
        if _is_semantic(before, after) and _is_valid(before) and all(map(_is_valid, after)):
            return Case(name, mutation, before, tuple(after))
    raise AssertionError(f"{mutation} applies to none of the documents")


def _own(document: Document, name: str) -> Document:
    """Return a document under another type, its aliases renamed with it."""
    own = {**copy.deepcopy(document), "type": name}
    if own.get("aliases"):
        own["aliases"] = [f"{name}_{alias}" for alias in own["aliases"]]
    if (own.get("deprecated") or {}).get("replacement"):
        own["deprecated"]["replacement"] = name
    return own


def _with_common_examples(before: Document, after: list[Document]) -> tuple[Document, list[Document]]:
    """Return both sides without the examples that one of them refuses, so that no case is about those."""
    validators = [ParamValidator(shapes.complete(each)) for each in (before, *after)]

    def kept(document: Document) -> Document:
        examples = [
            example
            for example in document.get("examples", ())
            if not any(validator.validate(example["params"]) for validator in validators)
        ]
        rest = {key: value for key, value in document.items() if key != "examples"}
        return rest | ({"examples": examples} if examples else {})

    return kept(before), [kept(each) for each in after]


def _is_semantic(before: Document, after: list[Document]) -> bool:
    return [_meaning(each) for each in after] != [_meaning(before)]


def _meaning(document: Document) -> list[Any]:
    """Return what a document says, schemas as plain as can be: one that says nothing beyond its type is none."""
    meta = shapes.complete(document)
    schemas = shapes.input_schema(meta), shapes.params_schema(meta), shapes.outputs_schema(meta)
    for each in (*meta["params"], *meta["outputs"]):
        each.pop("schema", None)
    return [meta, *schemas]


def _is_valid(document: Document) -> bool:
    found = api.lint(sources_of(ALONE, [document]), ALONE)
    return found is None or not any(problem.is_error for problem in found.problems)


def sources_of(project: Project, documents: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the action files of a project with some documents."""
    folder = f"{project.actions}/builtin"
    return {f"{folder}/{each['type']}.yaml": json.dumps(each, ensure_ascii=False) for each in documents}
