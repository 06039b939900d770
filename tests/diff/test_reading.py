"""Reading a side: cheaply, and as the generator reads."""

import pytest

from bud_codegen import api
from bud_codegen.problem import InvalidActionsError
from tests.diff.sides import GREET, HEAD, side
from tests.diff.test_compare import OURS

WAVE = GREET.replace("greet", "wave")
CATEGORIES = "actions/bud_actions/categories.yaml"
INVALID = {
    "syntax": "type: {",
    "structure": HEAD.replace("name", "nom"),
    "ambiguous": HEAD + "idempotent: yes\n",
    "category": HEAD.replace("Control Flow", "Talk"),
    "options": HEAD + "params:\n  - {name: tone, label: Tone, type: select}\n",
    "nothing": "",
}


def test_a_side_holds_the_catalog_that_the_generator_makes() -> None:
    assert side(OURS).catalog == api.load_catalog(OURS)


@pytest.mark.parametrize("text", INVALID.values(), ids=[*INVALID])
def test_what_cannot_be_built_is_refused_with_all_that_is_wrong(text: str) -> None:
    sources = {GREET: text, WAVE: HEAD.replace("greet", "wave") + "icno: hand\n"}
    with pytest.raises(InvalidActionsError) as caught:
        side(sources)
    found = api.lint(sources)
    assert found is not None
    assert caught.value.problems == found.problems
    assert len(caught.value.problems) >= 2


def test_one_type_in_two_files_is_refused() -> None:
    with pytest.raises(InvalidActionsError, match="duplicate-action"):
        side({GREET: HEAD, GREET.replace("builtin", "model"): HEAD})


def test_categories_that_are_wrong_are_refused() -> None:
    with pytest.raises(InvalidActionsError, match="unknown-key"):
        side({GREET: HEAD, CATEGORIES: "categories: []\nicons: []\n"})


def test_equal_files_are_shared() -> None:
    before = side({GREET: HEAD, WAVE: HEAD.replace("greet", "wave")})
    after = side({GREET: HEAD, WAVE: HEAD.replace("greet", "wave") + "icon: hand\n"}, before)
    same, other = (next(each for each in one.catalog.actions if each.type == "greet") for one in (before, after))
    assert same is other
    assert before.documents[GREET] is after.documents[GREET]
    assert before.documents[WAVE] is not after.documents[WAVE]


def test_an_equal_file_is_read_again_where_its_category_is_gone() -> None:
    own = "categories: [{name: Talk, icon: hand, folder: builtin, order: 1}]\n"
    text = HEAD.replace("Control Flow", "Talk")
    before = side({GREET: text, CATEGORIES: own})
    with pytest.raises(InvalidActionsError, match="unknown-category"):
        side({GREET: text}, before)


def test_reserved_types_belong_to_the_catalog() -> None:
    assert side({GREET: HEAD, CATEGORIES: "categories: []\nreserved: [wave]\n"}).catalog.reserved == {"wave"}


@pytest.mark.parametrize("extra", ["", "aliases: [hello]\n"])
def test_a_reserved_type_is_a_problem_as_type_and_as_alias(extra: str) -> None:
    name = "hello" if extra else "greet"
    found = api.lint({GREET: HEAD + extra, CATEGORIES: f"categories: []\nreserved: [{name}]\n"})
    assert found is not None
    assert [problem.rule for problem in found.problems] == ["reserved-name"]
