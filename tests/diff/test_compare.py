"""What a comparison says as a whole: nothing about what did not change, the same each time, each cause once."""

import json
import random
from datetime import date
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import bud_schemas
from bud_codegen.diff.compare import compare
from bud_codegen.diff.finding import Bump
from bud_codegen.rules import SEVERITIES
from tests.diff.sides import GREET, HEAD, between, changes, folder_sources, side, words

ROOT = Path(__file__).parents[2]
OURS = {f"actions/bud_actions/{path}": text for path, text in folder_sources(ROOT / "actions/bud_actions").items()}


def rewritten(text: str, random_number: int) -> str:
    """Write a document again: keys in any order, no comments, all in one line."""
    shuffler = random.Random(random_number)

    def shuffled(value: object) -> object:
        if isinstance(value, dict):
            keys = shuffler.sample([*value], len(value))
            return {key: shuffled(value[key]) for key in keys}
        return [shuffled(item) for item in value] if isinstance(value, list) else value

    return json.dumps(shuffled(yaml.safe_load(text)))


def test_two_equal_catalogs_differ_in_nothing() -> None:
    assert between(OURS, OURS) == ()


@settings(max_examples=5, deadline=None)
@given(st.integers())
def test_files_that_are_written_otherwise_differ_in_nothing(number: int) -> None:
    assert between(OURS, {path: rewritten(text, number) for path, text in OURS.items()}) == ()


def test_nothing_becomes_something_and_back() -> None:
    empty: dict[str, str] = {}
    added, removed = between(empty, OURS), between(OURS, empty)
    assert {each.rule for each in added} == {"action-added"}
    assert {each.rule for each in removed} == {"action-removed"}
    assert len(added) == len(removed) == len(OURS) - 1


def test_findings_are_in_order_and_the_same_each_time() -> None:
    changed = {
        path: text.replace("label: ", "label: New ").replace("required: true", "required: false")
        for path, text in OURS.items()
    }
    found = between(OURS, changed)
    assert found == between(OURS, changed)
    assert list(found) == sorted(found, key=lambda each: (each.action, each.subject, each.rule, each.message))
    assert len(set(found)) == len(found) > 20


def test_every_finding_has_a_rule_and_is_not_worse_than_it() -> None:
    order = ("info", "danger", "error")
    for folder in (Path(__file__).parent / "rules").iterdir():
        for path in ((folder / "before", folder / "after"), (folder / "after", folder / "before")):
            before, after = map(folder_sources, path)
            for each in between(before, after):
                assert each.verdict <= order.index(SEVERITIES[each.rule]), each


CHANGED = {
    "type": None,
    "version": '"0.9.0"',
    "name": "Hello",
    "description": "Says hi.",
    "category": "Integration",
    "icon": "hand",
    "color": '"#102030"',
    "execution_mode": "event_driven",
    "timeout_seconds": "60",
    "retry_policy": "{max_attempts: 3}",
    "idempotent": "false",
    "required_services": "[budapp]",
    "required_permissions": "[model:read]",
    "params": "[{name: who, label: Who, type: string}]",
    "rules": "[{kind: requires, params: [x], message: Say}]",
    "outputs": "[{name: said, type: string}]",
    "examples": "[{title: One, params: {}}]",
    "docs_url": "https://example.com",
    "stability": "beta",
    "deprecated": '{since: "1.0.0", message: Gone}',
    "aliases": "[hello]",
    "reserved": "{params: [whom]}",
    "migrations": "[{from_major: 0, drop: [whom]}]",
}
"""A value of each key of the language other than that of HEAD."""


def test_every_key_of_the_language_is_compared() -> None:
    assert CHANGED.keys() == bud_schemas.load("action")["properties"].keys()


@pytest.mark.parametrize("key", [key for key in CHANGED if key != "type"])
def test_a_change_under_any_key_is_found(key: str) -> None:
    extra = "params: [{name: x, label: X, type: string}]\n" if key == "rules" else ""
    extra += "timeout_seconds: 5\n" if key == "execution_mode" else ""
    lines = "".join(line for line in (HEAD + extra).splitlines(keepends=True) if not line.startswith(f"{key}:"))
    assert between({GREET: HEAD + extra}, {GREET: f"{lines}{key}: {CHANGED[key]}\n"})


PARAM_CHANGES = {
    "name": "{name: whom, label: Who, type: string, description: Whom}",
    "label": "{name: who, label: Whom, type: string, description: Whom}",
    "type": "{name: who, label: Who, type: number, description: Whom}",
    "required": "{name: who, label: Who, type: string, description: Whom, required: true}",
    "default": "{name: who, label: Who, type: string, description: Whom, default: you}",
    "description": "{name: who, label: Who, type: string, description: Who}",
    "placeholder": "{name: who, label: Who, type: string, description: Whom, placeholder: you}",
    "options": "{name: who, label: Who, type: select, description: Whom, options: [{value: a, label: A}]}",
    "validation": "{name: who, label: Who, type: string, description: Whom, validation: {max_length: 5}}",
    "group": "{name: who, label: Who, type: string, description: Whom, group: People}",
    "show_when": "{name: who, label: Who, type: string, description: Whom, show_when: {param: x, equals: a}}",
    "ref_type": "{name: who, label: Who, type: model_ref, description: Whom}",
    "schema": "{name: who, label: Who, type: json, description: Whom, schema: {type: object}}",
    "secret": "{name: who, label: Who, type: string, description: Whom, secret: true}",
    "deprecated": "{name: who, label: Who, type: string, description: Whom, deprecated: {since: 1.0.0, message: Gone}}",
    "renamed_from": "{name: who, label: Who, type: string, description: Whom, renamed_from: whom}",
}


def test_every_key_of_a_param_is_compared() -> None:
    assert PARAM_CHANGES.keys() == bud_schemas.load("action")["$defs"]["ParamDefinition"]["properties"].keys()


@pytest.mark.parametrize("key", PARAM_CHANGES)
def test_a_change_of_a_param_under_any_key_is_found(key: str) -> None:
    other = "  - {name: x, label: X, type: string}\n"
    before = f"params:\n{other}  - {{name: who, label: Who, type: string, description: Whom}}\n"
    assert changes(before, f"params:\n{other}  - {PARAM_CHANGES[key]}\n")


def test_a_finding_stands_where_both_files_say_it() -> None:
    before = "params:\n  - {name: who, label: Who, type: string, default: you}\n"
    after = "icon: hand\nparams:\n  - {default: me, name: who, label: Who, type: string}\n"
    found = changes(before, after)["param-default-changed"]
    assert (str(found.before), str(found.after)) == (f"{GREET}:8:52", f"{GREET}:9:15")


def test_a_param_that_is_renamed_is_not_also_removed_and_added() -> None:
    before = "params:\n  - {name: who, label: Who, type: string, validation: {max_length: 9}}\n"
    after = "params:\n  - {name: whom, label: Who, type: string, renamed_from: who, validation: {max_length: 5}}\n"
    assert changes(before, after).keys() == {"param-renamed", "param-bounds-tightened"}


def test_a_removed_param_is_suggested_as_the_former_name_of_one_like_it() -> None:
    before = "params:\n  - {name: who, label: Who, type: string}\n"
    after = "params:\n  - {name: whom, label: Who, type: string}\n"
    hint = changes(before, after)["param-removed-unreserved"].hint
    assert hint == "if `whom` is `who` under another name, write renamed_from: who there"


def test_another_type_of_param_is_one_finding() -> None:
    before = "params:\n  - {name: who, label: Who, type: string, default: you, validation: {max_length: 9}}\n"
    after = "params:\n  - {name: who, label: Who, type: number, default: 3, validation: {max: 9}}\n"
    assert changes(before, after).keys() == {"param-type-changed"}


def test_a_secret_default_is_not_repeated() -> None:
    before = "params:\n  - {name: key, label: Key, type: string, secret: true}\n"
    after = "params:\n  - {name: key, label: Key, type: string, secret: true, default: hunter2}\n"
    assert "hunter2" not in changes(before, after)["param-default-added"].message


# Majors

OLDER = GREET.replace(".yaml", ".v1.yaml")
REQUIRED = "params:\n  - {name: who, label: Who, type: string, required: true}\n"
SECOND = HEAD.replace("1.0.0", "2.0.0")


def test_pipelines_that_are_pinned_to_a_kept_major_do_not_break() -> None:
    found = {each.rule: each for each in between({GREET: HEAD}, {GREET: SECOND + REQUIRED, OLDER: HEAD})}
    assert found.keys() == {"param-added-required", "major-added"}
    assert words(found["param-added-required"].verdicts) == "iiE"


def test_pipelines_that_are_pinned_break_with_what_changes_in_the_kept_major() -> None:
    third = HEAD.replace("1.0.0", "1.1.0") + REQUIRED
    found = [each for each in between({GREET: HEAD}, {GREET: SECOND, OLDER: third}) if each.action == "greet@1"]
    assert {each.rule: words(each.verdicts) for each in found} == {
        "param-added-required": "Eii",
        "version-major-not-bumped": "Eii",
        "major-added": "iii",
    }


def test_older_majors_are_compared_with_each_other() -> None:
    before = {GREET: SECOND, OLDER: HEAD}
    found = between(before, {GREET: SECOND, OLDER: HEAD.replace("1.0.0", "1.1.0") + "idempotent: false\n"})
    assert [(each.action, each.rule) for each in found] == [
        ("greet@1", "idempotent-lost"),
        ("greet@1", "version-major-not-bumped"),
    ]


# Sunsets

LAST_DAY = 'deprecated: {since: "1.0.0", message: Gone, sunset: "2030-01-01"}\n'
WAVE = GREET.replace("greet", "wave")


@pytest.mark.parametrize(
    ("text", "today", "verdicts"),
    [
        (LAST_DAY, date(2030, 1, 1), "iEE"),
        (LAST_DAY, date(2029, 12, 31), "EEE"),
        (LAST_DAY, None, "EEE"),
        ("", date(2030, 1, 1), "EEE"),
    ],
)
def test_an_action_that_goes_after_its_sunset_breaks_no_pipeline(text: str, today: date | None, verdicts: str) -> None:
    before = side({GREET: HEAD + text, WAVE: HEAD.replace("greet", "wave")})
    after = side({WAVE: HEAD.replace("greet", "wave")})
    (found,) = compare(before, after, today)
    assert (found.rule, words(found.verdicts), found.bump) == ("action-removed", verdicts, Bump.none)


WAVE = GREET.replace("greet", "wave")
WAVES = HEAD.replace("greet", "wave")


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        (WAVE, f"{WAVES}aliases: [hello]\n", "hello means wave now"),
        (GREET.replace("greet", "hello"), HEAD.replace("greet", "hello"), "hello means another action now"),
    ],
)
def test_an_alias_that_comes_to_mean_another_action_breaks_pipelines(path: str, text: str, said: str) -> None:
    before = {GREET: f"{HEAD}aliases: [hello]\n", WAVE: WAVES}
    found = [each for each in between(before, {**before, GREET: HEAD, path: text}) if each.rule == "alias-removed"]
    assert [(words(each.verdicts), each.message) for each in found] == [("Eii", said)]


def test_an_older_major_need_not_have_the_aliases_of_the_newest() -> None:
    newest, older = f"{HEAD}aliases: [hello]\n", GREET.replace("greet.", "greet.v1.")
    after = {GREET: newest.replace("1.0.0", "2.0.0"), older: HEAD}
    assert [each.rule for each in between({GREET: newest}, after)] == ["major-added"]
