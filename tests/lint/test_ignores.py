"""A comment with a reason ignores a finding; one that is wrong or ignores nothing is told."""

import pytest

from bud_codegen.lint import Settings
from bud_codegen.lint.comments import comments_of
from bud_codegen.lint.settings import Override
from bud_codegen.rules import FIXED
from tests.lint.example import ACTION, EXECUTOR, GREET, WITHOUT_ICON, problems, rules

IGNORE = "# bud: ignore missing-icon reason: nobody sees it"
EXECUTOR_PATH = GREET.replace(".yaml", ".py")


def on_type(comment: str) -> str:
    """Put a comment on the line where a missing icon is reported."""
    return WITHOUT_ICON.replace("type: greet", f"type: greet  {comment}")


def above_type(comment: str) -> str:
    return f"{comment}\n{WITHOUT_ICON}"


@pytest.mark.parametrize(
    "text",
    [
        on_type(IGNORE),
        above_type(IGNORE),
        above_type(f"{IGNORE}\n# Another comment."),
        above_type(f"# Another comment.\n{IGNORE}"),
        above_type("#bud:ignore missing-icon reason:nobody sees it"),
        above_type("#  bud:  ignore   missing-icon   reason:  nobody sees it "),
        above_type(f"   {IGNORE}"),
        "\ufeff" + above_type(IGNORE),
        above_type(IGNORE).replace("\n", "\r\n"),
    ],
)
def test_a_comment_ignores_what_stands_on_its_line_or_the_next(text: str) -> None:
    assert rules(text) == []
    assert rules({GREET: text.encode()}) == []


def test_one_comment_ignores_several_rules() -> None:
    text = WITHOUT_ICON[: WITHOUT_ICON.index("examples")]
    both = "# bud: ignore missing-icon, missing-example reason: an old friend"
    assert rules(text) == ["missing-example", "missing-icon"]
    assert rules(f"{both}\n{text}") == []


def test_comments_above_each_other_all_count() -> None:
    text = WITHOUT_ICON[: WITHOUT_ICON.index("examples")]
    assert rules(f"{IGNORE}\n# bud: ignore missing-example reason: an old friend\n{text}") == []


@pytest.mark.parametrize(
    "text",
    [
        WITHOUT_ICON + IGNORE,
        WITHOUT_ICON.replace("name: Greet", f"name: Greet  {IGNORE}"),
        above_type(f"{IGNORE}\n\n"),
    ],
)
def test_a_comment_elsewhere_ignores_nothing(text: str) -> None:
    assert sorted(rules(text)) == ["missing-icon", "unused-ignore"]


@pytest.mark.parametrize(
    "text",
    [
        'description: "Says: # bud: ignore missing-icon reason: x"\n',
        "description: >-\n  Says hello.\n  # bud: ignore missing-icon reason: x\n",
        "description: |\n  # bud: ignore missing-icon reason: x\n",
        "description: 'Says\n  # bud: ignore missing-icon reason: x'\n",
        "description: Says#bud:ignore missing-icon reason:x\n",
    ],
)
def test_a_text_is_no_comment(text: str) -> None:
    assert list(comments_of(GREET, text)) == []
    assert rules(text + WITHOUT_ICON.replace("description: Says hello to somebody.\n", "")) == ["missing-icon"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('a: "#" # one\n', [(1, 8, "one")]),
        ("a: 'it''s # this' # one\n", [(1, 19, "one")]),
        ("a: |\n  # text\n# one\nb: c\n", [(3, 1, "one")]),
        ("a: |  # one\n  text\n", [(1, 7, "one")]),
        ("# one\n\na: [b, # two\n  c]  # three\n", [(1, 1, "one"), (3, 8, "two"), (4, 7, "three")]),
        ("a: b#c\n", []),
        ("# one # two\na: b\n", [(1, 1, "one # two")]),
        ("a: \u00e4\u00f6 # one\n", [(1, 7, "one")]),
    ],
)
def test_comments_are_found_where_they_stand(text: str, expected: list[tuple[int, int, str]]) -> None:
    assert [(each.line, each.column, each.text) for each in comments_of(GREET, text)] == expected


def test_without_a_reason_a_comment_fails_the_run() -> None:
    (problem,) = problems(above_type("# bud: ignore missing-icon"))
    assert (problem.rule, problem.severity, problem.place.line) == ("ignore-without-reason", "error", 1)
    assert problem.hint is not None
    assert "reason: " in problem.hint


@pytest.mark.parametrize(
    ("comment", "said"),
    [
        ("# bud: ignore missing-icno reason: x", "did you mean `missing-icon`?"),
        ("# bud: ignore missing-icon abbreviation reason: x", "separate rules by commas"),
        ("# bud: ignore reason: x", "bud: ignore rule-id reason: "),
        ("# bud: ignore unknown-key reason: x", "mend it"),
        ("# bud: ignore unused-ignore reason: x", "mend it"),
    ],
)
def test_a_comment_that_names_no_rule_to_ignore_is_told(comment: str, said: str) -> None:
    (problem,) = problems(f"{comment}\n{ACTION}")
    assert problem.rule == "ignore-unknown-rule"
    assert problem.hint is not None
    assert said in problem.hint


@pytest.mark.parametrize("rule", sorted(FIXED))
def test_what_stops_generation_is_never_ignored(rule: str) -> None:
    text = f"# bud: ignore {rule} reason: x\nicno: hand\n{ACTION}"
    found = rules(text)
    assert "unknown-key" in found
    assert "ignore-unknown-rule" in rules(f"# bud: ignore {rule} reason: x\n{ACTION}")


def test_an_unused_comment_is_told_where_it_stands() -> None:
    (problem,) = problems(ACTION.replace("type: greet", f"type: greet  {IGNORE}"))
    assert (problem.rule, problem.severity) == ("unused-ignore", "warning")
    assert (problem.place.line, problem.place.column, problem.place.length) == (1, 14, len(IGNORE))


def test_an_unused_comment_cannot_be_ignored() -> None:
    assert "unused-ignore" in rules(f"# bud: ignore unused-ignore reason: x\n{IGNORE}\n{ACTION}")


@pytest.mark.parametrize(
    "settings",
    [
        Settings("minimal"),
        Settings(rules={"missing-icon": "off"}),
        Settings(overrides=(Override(("**",), {"missing-icon": "off"}),)),
        Settings(only=frozenset({"missing-example"})),
    ],
)
def test_a_comment_is_not_unused_while_its_rule_is_off(settings: Settings) -> None:
    assert rules(above_type(IGNORE), settings) == []


def test_a_comment_in_categories_counts() -> None:
    category = "categories:\n  - {name: Weather, icon: sun, folder: weather, order: 9}\n"
    path = "actions/bud_actions/categories.yaml"
    ignore = "  # bud: ignore unused-category reason: coming soon\n"
    assert rules({GREET: ACTION, path: category}) == ["unused-category"]
    assert rules({GREET: ACTION, path: category.replace("  -", f"{ignore}  -")}) == []


def test_comments_in_executors_count_too() -> None:
    slow = EXECUTOR.replace("return Outputs()", "time.sleep(1)\n        return Outputs()").replace(
        "from bud_actions import base", "import time\n\nfrom bud_actions import base"
    )
    found = problems({GREET: ACTION}, python={EXECUTOR_PATH: slow})
    ignored = slow.replace("time.sleep(1)", "time.sleep(1)  # bud: ignore blocking-call-in-async reason: a test")

    assert [problem.rule for problem in found] == ["blocking-call-in-async"]
    assert problems({GREET: ACTION}, python={EXECUTOR_PATH: ignored}) == ()
    assert problems({GREET: ACTION}, python={EXECUTOR_PATH: EXECUTOR}) == ()


def test_a_python_text_is_no_comment() -> None:
    text = 'said = """\n# bud: ignore missing-icon reason: x\n"""  # one\n'
    assert [each.text for each in comments_of("a.py", text)] == ["one"]


@pytest.mark.parametrize("source", ["def f(:\n", "'''", b"\xff", "  x\n y\n", OSError(13, "Permission denied")])
def test_a_file_that_is_not_python_is_told_once(source: str | bytes | OSError) -> None:
    found = problems({GREET: ACTION}, python={EXECUTOR_PATH: source})
    assert [problem.rule for problem in found] == ["executor-syntax"]
