"""Every rule has a page whose examples break it and keep it, and every problem says where it is and what to do."""

import time
from importlib.resources import files
from pathlib import Path

import pytest

from bud_codegen import api, report
from bud_codegen.cli import app
from bud_codegen.model import Project
from bud_codegen.problem import Problem
from bud_codegen.rules import RULES, SEVERITIES, Rule, page
from bud_codegen.rules import files as files_rules
from tests.support.pages import case_ids, projects_of

GREET = "actions/bud_actions/builtin/greet.yaml"
HEAD = """\
type: greet
version: "1.0.0"
name: Greet
description: Says hello.
category: Control Flow
execution_mode: sync
"""
STOPPING = files_rules.RULES
"""Rules whose breach stops generation; those of style, of executors and of changes have tests of their own."""


def problems(sources: api.Sources) -> tuple[Problem, ...]:
    found = api.lint(sources)
    return found.problems if found else ()


def rules_broken(sources: api.Sources) -> set[str]:
    return {problem.rule for problem in problems(sources)}


def only_problem(content: str | bytes, path: str = GREET) -> Problem:
    (problem,) = problems({path: content})
    return problem


def with_param(rest: str) -> str:
    return f"{HEAD}params:\n  - {{name: who, label: Who, {rest}}}\n"


# Pages


WRONG = [(rule.id, project) for rule in STOPPING for project in projects_of(rule.id, "Wrong")]
RIGHT = [(rule.id, project) for rule in STOPPING for project in projects_of(rule.id, "Right")]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_page_starts_with_the_rule_and_its_summary(rule: Rule) -> None:
    title, summary, prose, *_ = page(rule.id).split("\n\n")
    assert title == f"# {rule.id}"
    assert summary == f"{rule.severity}: {rule.summary}"
    assert prose.rstrip().endswith(".")
    assert not prose.startswith(("#", "`"))


@pytest.mark.parametrize("rule", STOPPING, ids=lambda rule: rule.id)
def test_a_page_has_examples(rule: Rule) -> None:
    assert projects_of(rule.id, "Right")
    assert bool(projects_of(rule.id, "Wrong")) is (rule.id != "no-actions")


def test_every_page_has_a_rule() -> None:
    pages = {entry.name for entry in (files("bud_codegen") / "rule_pages").iterdir()}
    assert pages == {f"{rule.id}.md" for rule in RULES}


def test_an_unknown_rule_has_no_page() -> None:
    with pytest.raises(KeyError):
        page("../rules")


@pytest.mark.parametrize(("rule", "project"), WRONG, ids=case_ids(WRONG))
def test_what_a_page_calls_wrong_breaks_that_rule_and_no_other(rule: str, project: dict[str, str]) -> None:
    assert rules_broken(project) == {rule}


@pytest.mark.parametrize(("rule", "project"), RIGHT, ids=case_ids(RIGHT))
def test_what_a_page_calls_right_is_right(rule: str, project: dict[str, str]) -> None:
    assert problems(project) == ()


@pytest.mark.parametrize(("rule", "project"), WRONG, ids=case_ids(WRONG))
def test_a_problem_stands_on_a_line_of_its_file(rule: str, project: dict[str, str]) -> None:
    for problem in problems(project):
        place = problem.place
        lines = project[place.path].split("\n")
        assert 1 < place.line <= len(lines), "line 1 is the comment with the path"
        line = lines[place.line - 1]
        assert 1 <= place.column <= len(line) + 1
        assert line[place.column - 1 : place.column - 1 + place.length].strip() or problem.rule == "wrong-type"
        assert problem.message
        assert not problem.message.endswith(".")


LINES = {
    "yaml-syntax": ["description: Says hello:", "description: {{", "icon hand", "docs_url:", "label: Who"],
    "yaml-duplicate-key": ["name: Greet someone", "label: Whom"],
    "yaml-tag": ["!!str", "!hand", "<<:"],
    "text-unsafe": ["u0000", "u202e", "u2028", "name: ", "name: |", "label:"],
    "unknown-key": ["icno", "execution_mod:", "requred"],
    "missing-key": ["type: greet", "name: who", "title:"],
    "duplicate-action": ["type: greet"],
    "duplicate-param": ["label: Whom"],
    "duplicate-option": ["label: Friendly"],
    "required-with-default": ["required: true"],
    "name-collision": ["from_", "first_name", "renamed_from", '"*"', "say_2"],
    "event-driven-without-timeout": ["execution_mode: event_driven"],
}


@pytest.mark.parametrize("rule", LINES)
def test_a_problem_stands_where_a_person_would_look(rule: str) -> None:
    for project, expected in zip(projects_of(rule, "Wrong"), LINES[rule], strict=False):
        place = problems(project)[0].place
        assert expected in project[place.path].split("\n")[place.line - 1]


def test_explain_prints_the_page() -> None:
    from typer.testing import CliRunner

    for rule in SEVERITIES:
        result = CliRunner().invoke(app, ["explain", rule])
        assert result.exit_code == 0
        assert result.stdout.startswith(page(rule) + "\n")


def test_no_action_files_is_a_problem() -> None:
    (problem,) = problems({})
    assert problem.rule == "no-actions"
    assert problem.hint is not None
    assert "bud new" in problem.hint


# Files that a page cannot show

UNREADABLE = [
    ("an empty file", "", "yaml-syntax", 1, "file is empty"),
    ("only comments", "# one\n# two\n", "yaml-syntax", 1, "file is empty"),
    ("only null", "~\n", "yaml-syntax", 1, "file is empty"),
    ("a second document", f"{HEAD}---\n{HEAD}", "yaml-syntax", 7, "second document"),
    ("tabs as indentation", f"{HEAD}params:\n\t- name: who\n", "yaml-syntax", 8, "a tab"),
    ("a key that is a list", f"{HEAD}[a, b]: c\n", "yaml-syntax", 7, "a key must be a text"),
    ("a key that is a complex list", f"{HEAD}? [a]\n: c\n", "yaml-syntax", 7, "a key must be a text"),
    ("a key that is an alias", f"{HEAD}icon: &x a\n*x : c\n", "yaml-syntax", 8, "in place of a key"),
    ("an alias of nothing", f"{HEAD}icon: *x\n", "yaml-syntax", 7, "*x names nothing"),
    ("a value inside itself", f"{HEAD}params: &x [*x]\n", "yaml-limit", 7, "inside the value"),
    ("a mapping inside itself", f"{HEAD}params: &x {{a: {{b: *x}}}}\n", "yaml-limit", 7, "inside the value"),
    ("an unclosed list", f"{HEAD}params: [a\nicon: b\n", "yaml-syntax", 7, "list that starts here"),
    ("an unclosed mapping", f"{HEAD}params: {{a: b\n", "yaml-syntax", 7, "mapping that starts here"),
    ("a raw NUL", f"{HEAD}icon: a\0b\n", "text-unsafe", 7, "U+0000"),
    ("a raw escape character", f"{HEAD}icon: \x1b[2J\n", "text-unsafe", 7, "U+001B"),
    ("a raw change of direction", f"{HEAD}# \u202e hidden\n", "text-unsafe", 7, "U+202E"),
    ("a byte order mark in the middle", f"{HEAD}\ufefficon: a\n", "text-unsafe", 7, "U+FEFF"),
    ("Latin-1", HEAD.replace("Says", "S\xe4ys").encode("latin-1"), "yaml-syntax", 4, "not UTF-8"),
    ("UTF-16", HEAD.encode("utf-16"), "yaml-syntax", 1, "not UTF-8"),
    ("half of a character", HEAD.encode() + b"icon: \xe2\x82\n", "yaml-syntax", 7, "not UTF-8"),
    ("a huge file", HEAD + "# " + "x" * 256 * 1024, "yaml-limit", 1, "larger than 256 KiB"),
    ("deep lists", f"{HEAD}params: {'[' * 41}{']' * 41}\n", "yaml-limit", 7, "more than 40 deep"),
    ("very deep lists", f"{HEAD}params: {'[' * 9000}\n", "yaml-limit", 7, "more than 40 deep"),
    ("many values", f"{HEAD}params: [{'1, ' * 20_001}]\n", "yaml-limit", 7, "more than 20,000 values"),
]


@pytest.mark.parametrize(
    ("content", "rule", "line", "message"), [case[1:] for case in UNREADABLE], ids=[case[0] for case in UNREADABLE]
)
def test_an_unreadable_file_is_one_problem(content: str | bytes, rule: str, line: int, message: str) -> None:
    problem = only_problem(content)
    assert (problem.rule, problem.place.line) == (rule, line)
    assert message in problem.message
    assert problem.hint


@pytest.mark.parametrize("rule", ["yaml-syntax", "yaml-limit", "text-unsafe"])
def test_categories_are_held_to_the_same_limits(rule: str) -> None:
    content = {"yaml-syntax": "", "yaml-limit": "[" * 50, "text-unsafe": "# \u202e"}[rule]
    assert rules_broken({GREET: HEAD, "actions/bud_actions/categories.yaml": content}) == {rule}


def test_an_alias_bomb_is_refused_at_once() -> None:
    lines = ["a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]" for level in range(1, 10)]
    started = time.perf_counter()
    problem = only_problem(HEAD + "\n".join(lines))
    assert time.perf_counter() - started < 1
    assert problem.rule == "yaml-limit"


@pytest.mark.parametrize("depth", range(30, 45))
def test_forty_levels_are_the_most(depth: int) -> None:
    nested = "{type: array, items: " * depth + "{type: string}" + "}" * depth
    found = rules_broken({GREET: with_param(f"type: json, schema: {nested}")})
    assert found == ({"yaml-limit"} if depth + 4 > 40 else set())


def test_aliases_within_the_limits_repeat_a_value() -> None:
    text = f"{HEAD}icon: &hand hand\nrequired_services: &services [*hand]\n"
    assert problems({GREET: text}) == ()


def test_an_anchor_can_be_given_again() -> None:
    text = f'{HEAD}icon: &x hand\ncolor: &x "#123456"\ndocs_url: *x\n'
    assert 'the text "#123456"' in only_problem(text).message


def test_a_file_larger_in_bytes_than_in_characters_is_measured_in_bytes() -> None:
    content = (HEAD + "# " + "\u20ac" * 100_000).encode()
    assert only_problem(content).rule == "yaml-limit"


def test_a_file_with_a_byte_order_mark_is_read() -> None:
    assert problems({GREET: b"\xef\xbb\xbf" + HEAD.encode()}) == ()


def test_places_in_a_file_with_a_byte_order_mark_are_exact() -> None:
    source = {GREET: b"\xef\xbb\xbf" + HEAD.replace("type", "tpye").encode()}
    (problem,) = problems(source)
    assert (problem.place.line, problem.place.column) == (1, 1)
    assert " 1 | tpye: greet\n   | ^^^^\n" in report.as_text([problem], source)


def test_a_file_with_the_line_ends_of_windows_is_read() -> None:
    assert problems({GREET: HEAD.replace("\n", "\r\n").encode()}) == ()


def test_places_in_a_file_with_the_line_ends_of_windows_are_exact() -> None:
    source = {GREET: (HEAD + "icno: hand\n").replace("\n", "\r\n").encode()}
    (problem,) = problems(source)
    assert (problem.place.line, problem.place.column) == (7, 1)
    assert "\r" not in report.as_text([problem], source)


def test_a_very_long_line_is_shown_in_part() -> None:
    services = ", ".join(["budapp"] * 1500)
    source = {GREET: f"{HEAD}required_services: [{services}, Bud App]\n"}
    found = [problem for problem in problems(source) if "Bud App" in problem.message]
    assert found[0].place.column > 10_000
    shown = report.as_text(found, source)
    assert max(map(len, shown.split("\n"))) < 200
    assert "Bud App]" in shown


def test_a_long_line_is_no_problem() -> None:
    assert problems({GREET: HEAD.replace("Says hello.", "hello " * 1600)}) == ()


def test_unprintable_characters_do_not_reach_the_terminal() -> None:
    source = {GREET: f"{HEAD}icon: \x1b[2J\n"}
    assert "\x1b" not in report.as_text(problems(source), source)


def test_a_file_that_ends_in_yml_is_a_problem() -> None:
    problem = only_problem(HEAD, "actions/bud_actions/builtin/greet.yml")
    assert problem.rule == "type-path-mismatch"
    assert problem.hint == "rename it to greet.yaml"


# Hints

HINTS = [
    (f'{HEAD}deprecated: {{since: "1.0.0", message: No., date: "2026-02-30"}}\n', "invalid-value", "write a date"),
    (f'{HEAD}deprecated: {{since: "1.0.0", message: No., sunset: "2026-02-30"}}\n', "invalid-value", "write a date"),
    (with_param("type: string, requred: true"), "unknown-key", "did you mean `required`?"),
    (HEAD.replace("execution_mode", "execution_mod"), "unknown-key", "did you mean `execution_mode`?"),
    (HEAD.replace("sync", "synk"), "invalid-value", "did you mean `sync`?"),
    (HEAD.replace("Control Flow", "Contol Flow"), "unknown-category", "did you mean `Control Flow`?"),
    (with_param("type: strng"), "invalid-value", "did you mean `string`?"),
    (with_param("type: json, schema: {typ: string}"), "schema-unsupported-keyword", "did you mean `type`?"),
    (HEAD.replace('"1.0.0"', "1.10"), "yaml-ambiguous", 'write "1.10" for the text, or 1.1 for the number'),
    (HEAD.replace('"1.0.0"', "1.1"), "wrong-type", 'write it in quotes: "1.1"'),
    (with_param("type: json, default: {python: 3.10}"), "yaml-ambiguous", 'write "3.10" for the text'),
    (with_param("type: json, default: {at: 12:30:00}"), "yaml-ambiguous", 'write "12:30:00" for the text'),
    (with_param("type: json, default: {on_day: 2024-01-01}"), "yaml-ambiguous", 'write "2024-01-01" for the text'),
    (HEAD.replace('"1.0.0"', "1.0"), "wrong-type", 'write it in quotes: "1.0"'),
    (HEAD.replace('"1.0.0"', "1e3"), "yaml-ambiguous", 'write "1e3" for the text'),
    (HEAD.replace("Greet", "true"), "wrong-type", 'write it in quotes: "true"'),
    (HEAD.replace("Greet", "null"), "wrong-type", 'write it in quotes: "null"'),
    (HEAD.replace("Greet", ""), "wrong-type", "write a value after it"),
    (f"{HEAD}color: #10b981\n", "wrong-type", "in quotes if it starts with #"),
    (f'{HEAD}idempotent: "true"\n', "wrong-type", "without quotes: true"),
    (f'{HEAD}timeout_seconds: "60"\n', "wrong-type", "without quotes: 60"),
    (f"{HEAD}params: {{who: {{label: Who}}}}\n", "wrong-type", "a list is written as"),
    (f"{HEAD}params: [who]\n", "wrong-type", "a mapping is written as"),
    (f"{HEAD}idempotent: yes\n", "yaml-ambiguous", 'write "yes" for the text, or true for the boolean'),
    (f"{HEAD}timeout_seconds: 010\n", "yaml-ambiguous", "plain decimal digits"),
    (with_param("type: boolean, default: yes"), "yaml-ambiguous", "or true for the boolean"),
    (with_param("type: string, default: 1.1"), "default-wrong-type", 'write it in quotes: "1.1"'),
    (with_param('type: number, default: "1.5"'), "default-wrong-type", "without quotes: 1.5"),
    (with_param('type: json, schema: {type: ["string", null]}'), "wrong-type", 'write it in quotes: "null"'),
    (with_param("type: json, schema: {type: [string, number]}"), "invalid-value", 'as [string, "null"]'),
    (with_param("type: string, validation: {}"), "invalid-value", "remove the whole"),
    (f"{HEAD}name: Again\n", "yaml-duplicate-key", "keep one of them"),
    (HEAD.replace("name:", "# name:"), "missing-key", 'add it, such as name: "Add Model"'),
    (HEAD.replace("Greet", "x" * 201), "invalid-value", "shorten it"),
    (HEAD.replace("Greet", '" "'), "invalid-value", "write a word or more"),
    (HEAD.replace("Says hello.", "*bold*"), "yaml-syntax", "put the text in quotes"),
    (HEAD.replace("Says hello.", "@you"), "yaml-syntax", "put the text in quotes"),
    (HEAD.replace("Says hello.", '"\\d"'), "yaml-syntax", "use single quotes"),
    (HEAD.replace("Says hello.", "{{ text }}"), "yaml-syntax", "put a text that starts with { or [ in quotes"),
]


@pytest.mark.parametrize(("text", "rule", "hint"), HINTS)
def test_a_hint_says_what_to_write(text: str, rule: str, hint: str) -> None:
    problem = only_problem(text)
    assert problem.rule == rule
    assert problem.hint is not None
    assert hint in problem.hint


def test_a_number_is_shown_as_it_is_read() -> None:
    message = only_problem(HEAD.replace('"1.0.0"', "1.10")).message
    assert message == "unquoted 1.10 is read as the number 1.1"


@pytest.mark.parametrize("value", ["3", "true", "", "[sync]"])
def test_a_value_of_the_wrong_type_is_told_the_values_there_are(value: str) -> None:
    problem = only_problem(HEAD.replace("sync", value))
    assert problem.rule == "wrong-type"
    assert problem.message.endswith("; expected one of sync, event_driven")


def test_a_misspelt_key_that_must_be_there_is_one_problem() -> None:
    assert only_problem(HEAD.replace("execution_mode", "execution_mod")).rule == "unknown-key"


@pytest.mark.parametrize(
    ("pattern", "column"), [("^[a-z", 1), ("'^[a-z'", 2), ('"^[a-z"', 2), ("'^''[a-z'", -2), ('"^\\u0061[a-z"', -2)]
)
def test_a_fault_in_a_pattern_is_shown_where_it_is_if_that_can_be_told(pattern: str, column: int) -> None:
    text = (
        f"{HEAD}params:\n  - name: who\n    label: Who\n    type: string\n    validation:\n      pattern: {pattern}\n"
    )
    problem = only_problem(text)
    assert problem.rule == "pattern-invalid"
    assert problem.place.line == 12
    start = len("      pattern: ")
    assert problem.place.column == start + 1 + (column if column >= 0 else 0)
    assert problem.place.length == (1 if column >= 0 else len(pattern))


# Several mistakes at once


def test_every_problem_of_several_files_is_found_in_one_run() -> None:
    sources = {
        "actions/bud_actions/builtin/broken.yaml": "type: broken\n  version: 1\n",
        GREET: HEAD.replace('"1.0.0"', "1.1").replace("Control Flow", "Talk") + "icno: hand\n",
        "actions/bud_actions/builtin/wave.yaml": HEAD.replace("greet", "wave"),
    }
    assert [(Path(problem.place.path).stem, problem.place.line, problem.rule) for problem in problems(sources)] == [
        ("broken", 2, "yaml-syntax"),
        ("greet", 2, "wrong-type"),
        ("greet", 5, "unknown-category"),
        ("greet", 7, "unknown-key"),
    ]


def test_a_duplicate_names_both_files_with_their_lines() -> None:
    sources = {GREET: HEAD, "actions/bud_actions/model/greet.yaml": f"# A comment.\n{HEAD}"}
    (problem,) = problems(sources)
    assert str(problem.place) == "actions/bud_actions/model/greet.yaml:2:7"
    assert [str(place) for place in problem.related] == [f"{GREET}:1:7"]
    assert f"{GREET}:1:7" in problem.message


def test_an_alias_that_is_a_type_elsewhere_is_a_duplicate() -> None:
    other = HEAD.replace("greet", "wave") + "aliases:\n  - greet\n"
    (problem,) = problems({GREET: HEAD, "actions/bud_actions/builtin/wave.yaml": other})
    assert (problem.rule, problem.place.line) == ("duplicate-action", 8)


def test_a_structural_mistake_does_not_hide_a_semantic_one() -> None:
    text = f"""{HEAD}params:
  - name: who
    lable: Who
    type: string
  - name: times
    label: Times
    type: number
    default: 0
    validation: {{min: 1}}
outputs:
  - {{name: said, type: text}}
  - {{name: done, type: boolean}}
  - {{name: done, type: boolean}}
"""
    assert [(problem.place.line, problem.rule) for problem in problems({GREET: text})] == [
        (9, "unknown-key"),
        (14, "default-out-of-bounds"),
        (17, "invalid-value"),
        (19, "duplicate-output"),
    ]


def test_a_mistake_of_yaml_does_not_hide_one_of_the_language() -> None:
    text = f"{HEAD}name: Again\nidempotent: yes\nicno: hand\n"
    assert [problem.rule for problem in problems({GREET: text})] == [
        "yaml-duplicate-key",
        "yaml-ambiguous",
        "unknown-key",
    ]


@pytest.mark.parametrize(
    "param",
    [
        "type: json, schema: {type: string, pattern: '('}",
        "type: json, schema: {type: string, pattern: '^(a+)+$'}",
        "type: string, validation: {pattern: '('}",
        "type: string, validation: {pattern: '^(a+)+$'}",
        "type: select",
        "type: number, validation: {max_length: 1}",
    ],
)
def test_what_depends_on_a_wrong_param_is_not_judged(param: str) -> None:
    value = "a" * 40 + "!"
    other = f"  - {{name: tone, label: Tone, type: string, show_when: {{param: who, equals: {value}}}}}\n"
    started = time.perf_counter()
    problem = only_problem(with_param(f"{param}, default: {value}") + other)
    assert time.perf_counter() - started < 1
    assert problem.place.line == 8


def test_merge_keys_bring_no_problems_of_the_keys_they_would_bring() -> None:
    text = f"{HEAD}params:\n  - &who {{name: who, label: Who, type: string}}\n  - <<: [*who, 1]\n    name: whom\n"
    assert only_problem(text).rule == "yaml-tag"


def test_another_project_has_paths_of_its_own() -> None:
    sources = {"actions/acme_actions/builtin/greet.yaml": HEAD}
    assert api.lint(sources, Project("acme")) is None
    found = api.lint({}, Project("acme"))
    assert found is not None
    assert found.problems[0].place.path == "actions/acme_actions"


def test_what_has_no_line_is_shown_without_one() -> None:
    assert report.as_text(problems({}), {}).startswith("actions/bud_actions: error[no-actions] ")
    assert "|" not in report.as_text(problems({GREET: ""}), {GREET: ""})
