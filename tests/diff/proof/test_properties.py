"""A comparison finds every change that somebody can notice, and no other."""

import json
from collections.abc import Mapping
from random import Random

import pytest

from bud_codegen import api
from bud_codegen.diff.compare import compare
from bud_codegen.diff.finding import Verdict, Verdicts
from bud_codegen.diff.reading import side_of
from bud_codegen.diff.side import Side
from tests.diff.proof.cases import Case, draw_cases, sources_of
from tests.diff.proof.confirmation import COMPARED, Trial
from tests.diff.proof.documents import base_documents
from tests.diff.proof.length import LENGTH, SEED
from tests.diff.proof.mutations import MUTATIONS
from tests.diff.proof.picking import Document, DoesNotApplyError
from tests.diff.proof.refactors import REFACTORS

FILES = 9
"""How many files each refactor is applied to."""


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return draw_cases(max(LENGTH, len(MUTATIONS)), SEED)


def test_there_are_many_kinds_of_mutations_and_refactors() -> None:
    assert len(MUTATIONS) >= 45
    assert len(REFACTORS) >= 12


def test_every_mutation_is_found(cases: list[Case], tmp_path_factory: pytest.TempPathFactory) -> None:
    findings = Trial(cases, tmp_path_factory.mktemp("trial")).findings()
    assert {case.mutation for case in cases} == MUTATIONS.keys()
    assert [str(case) for case in cases if not findings[case.name]] == []


def test_identical_catalogs_have_no_findings(cases: list[Case]) -> None:
    documents = [case.before for case in cases]
    assert compare(_side(documents), _side(documents)) == ()
    assert compare(_side(documents), _side(documents[::-1])) == ()


def test_the_same_findings_come_every_time_and_in_any_order_of_files(cases: list[Case]) -> None:
    before = [case.before for case in cases]
    after = [each for case in cases for each in case.after]
    expected = compare(_side(before), _side(after))
    assert compare(_side(before[::-1]), _side(after[::-1])) == expected
    shuffled = Random(SEED).sample(cases, len(cases))
    alone = [finding for case in shuffled for finding in compare(_side([case.before]), _side(case.after))]
    assert sorted(each.fingerprint for each in alone) == sorted(each.fingerprint for each in expected)


def _side(documents: list[Document] | tuple[Document, ...]) -> Side:
    return side_of(COMPARED, sources_of(COMPARED, documents))


def test_a_file_that_moves_breaks_its_executor_and_nobody_else() -> None:
    text = json.dumps({**base_documents()[0], "type": "case"})
    before, after = ({f"{COMPARED.actions}/{folder}/case.yaml": text} for folder in ("builtin", "integration"))
    findings = compare(side_of(COMPARED, before), side_of(COMPARED, after))
    verdicts = {finding.rule: finding.verdicts for finding in findings if not finding.rule.startswith("version-")}
    assert verdicts == {"python-module-changed": Verdicts(executors=Verdict.error)}


@pytest.mark.parametrize("name", REFACTORS)
def test_a_refactor_changes_nothing(name: str) -> None:
    chance = Random(SEED)
    documents = base_documents()
    tried = 0
    for document in chance.sample(documents, len(documents)):
        before = sources_of(COMPARED, [{**document, "type": "case"}])
        try:
            after = {path: REFACTORS[name](chance, json.loads(text)) for path, text in before.items()}
        except DoesNotApplyError:
            continue
        if _is_valid(before) and _is_valid(after):
            tried += 1
            assert compare(side_of(COMPARED, before), side_of(COMPARED, after)) == (), document["name"]
        if tried == FILES:
            return
    raise AssertionError(f"applies to {tried} files only")


def _is_valid(sources: Mapping[str, str]) -> bool:
    found = api.lint(sources, COMPARED)
    return found is None or not any(problem.is_error for problem in found.problems)
