"""What rules of style find, and what they leave alone."""

from datetime import date

import pytest

from bud_codegen.lint import Settings, lint
from bud_codegen.lint.secret_names import looks_secret
from bud_codegen.model import Project
from bud_codegen.rules import RULES, style
from tests.lint.example import ACTION, GREET, problems, rules

SECRETS = (
    "password db_password admin_passwd passphrase api_key apikey access_key private_key client_secret secret token "
    "access_token bearer_token authorization credentials ssh_key API-Key Secret db_pwd passcode private_key_pem "
    "my_secret_value"
)
NO_SECRETS = (
    "max_tokens tokens token_count token_type num_tokens token_bucket page_token next_token password_policy "
    "secret_name secret_id api_key_id token_url credential credential_id secretary tokenizer key public_key "
    "partition_key stop_token has_password is_secret author monkey"
)


def with_param(param: str) -> str:
    """Add a param to the action; it needs no description."""
    return ACTION.replace("examples:", f"  - {{{param}, description: What it is about.}}\nexamples:")


def with_output(output: str) -> str:
    return ACTION.replace("examples:", f"outputs:\n  - {{{output}, description: What it is about.}}\nexamples:")


@pytest.mark.parametrize("name", SECRETS.split())
def test_names_of_secrets_are_known(name: str) -> None:
    assert looks_secret(name)
    assert looks_secret(name.title())


@pytest.mark.parametrize("name", NO_SECRETS.split())
def test_names_that_only_speak_of_secrets_are_left_alone(name: str) -> None:
    assert not looks_secret(name)


@pytest.mark.parametrize(
    ("param", "expected"),
    [
        ("name: api_key, label: Key, type: string", ["looks-secret-not-marked"]),
        ("name: key, label: API Key, type: string", ["looks-secret-not-marked"]),
        ("name: secret_name, label: Name of the Secret, type: string", []),
        ("name: secret_id, label: Secret, type: string", []),
        ("name: api_key, label: Key, type: template", ["looks-secret-not-marked"]),
        ("name: api_key, label: Key, type: credential_ref", []),
        ("name: token, label: Token, type: number", []),
        ("name: api_key, label: Key, type: string, secret: true", []),
        ("name: api_key, label: Key, type: string, secret: false", []),
        ('name: api_key, label: Key, type: string, secret: true, default: "{{ params.key }}"', []),
        ('name: api_key, label: Key, type: string, secret: true, default: ""', []),
        ("name: timeout, label: Timeout, type: number", ["missing-unit"]),
        ("name: timeout, label: Timeout (ms), type: number", []),
        ("name: timeout, label: Timeout, type: string", []),
        ("name: timeout_seconds, label: Timeout, type: number", []),
        ("name: settings, label: Settings, type: json, schema: {type: array}", []),
        ("name: setting, label: Settings, type: json, schema: {type: array}", ["plural-name"]),
        ("name: setting, label: Setting, type: json", []),
        ("name: user_id, label: User, type: json", ["name-type-mismatch"]),
        ("name: model_id, label: Model, type: model_ref", []),
        ("name: has_tone, label: Tone, type: boolean", []),
        ("name: no_tone, label: Silent, type: boolean", ["negative-boolean"]),
        ("name: notify, label: Notify, type: boolean", []),
        ("name: note, label: iPhone, type: string", []),
        ("name: note, label: note, type: string", ["label-style"]),
        ("name: note, label: 3D Note, type: string", []),
        ('name: note, label: "Note?", type: string', ["label-style"]),
        ("name: message, label: Message, type: string, group: Advanced", []),
        ("name: message, label: PERSON, type: string", ["repeated-param-label"]),
        ("name: message, label: Person, type: string, group: Advanced", []),
        ("name: message, label: Person, type: string, show_when: {param: person, equals: x}", []),
    ],
)
def test_params(param: str, expected: list[str]) -> None:
    assert rules(with_param(param)) == expected


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("name: token, type: string", ["secret-in-output"]),
        ("name: token, type: number", []),
        (
            "name: login, type: object, schema: {type: object, properties: {password: {type: string}}}",
            ["secret-in-output"],
        ),
        ("name: words, type: array", []),
        ("name: metadata, type: array", []),
        ("name: word, type: array", ["plural-name"]),
        ("name: msg, type: string", ["abbreviation"]),
        ('name: "*", type: any', []),
    ],
)
def test_outputs(output: str, expected: list[str]) -> None:
    assert rules(with_output(output)) == expected


def test_what_is_deprecated_is_not_held_to_style() -> None:
    deprecated = 'name: msg, label: "msg:", type: string, deprecated: {since: "1.0.0", message: Left out.}'
    assert rules(ACTION.replace("examples:", f"  - {{{deprecated}}}\nexamples:")) == []


@pytest.mark.parametrize(
    ("today", "expected"),
    [(date(2026, 3, 1), []), (date(2026, 3, 2), ["sunset-passed"]), (date(2030, 1, 1), ["sunset-passed"])],
)
def test_a_sunset_has_passed_on_the_day_after_it(today: date, expected: list[str]) -> None:
    deprecated = 'deprecated: {since: "1.0.0", message: Left out., sunset: "2026-03-01"}'
    text = ACTION.replace("examples:", f"  - {{name: msg, label: M, type: string, {deprecated}}}\nexamples:")
    assert [each.rule for each in lint(Project(), {GREET: text}, {}, Settings(), today)] == expected


PLACES = [
    (ACTION.replace("icon: hand\n", ""), "missing-icon", "type: greet", "greet"),
    (
        ACTION.replace("    description: Who is greeted.\n", ""),
        "missing-param-description",
        "  - name: person",
        "person",
    ),
    (ACTION.replace("label: Person", "label: person"), "label-style", "    label: person", "person"),
    (ACTION.replace("Says hello to somebody.", "Greets."), "description-too-short", "description: Greets.", "Greets."),
    (with_param("name: msg, label: Message, type: string"), "abbreviation", "  - {name: msg,", "msg"),
    (ACTION + "timeout_seconds: 601\n", "long-sync", "timeout_seconds: 601", "601"),
    (ACTION + "retry_policy: {max_attempts: 1}\n", "retry-without-repetition", "retry_policy: {max_attempts: 1}", "1"),
    (ACTION.replace('"1.0.0"', '"0.1.0"'), "stable-too-early", 'version: "0.1.0"', '"0.1.0"'),
]


@pytest.mark.parametrize(("text", "rule", "line", "underlined"), PLACES, ids=[case[1] for case in PLACES])
def test_a_problem_stands_where_a_person_would_look(text: str, rule: str, line: str, underlined: str) -> None:
    (problem,) = problems(text)
    place = problem.place
    written = text.split("\n")[place.line - 1]
    assert problem.rule == rule
    assert written.startswith(line)
    assert written[place.column - 1 : place.column - 1 + place.length] == underlined


def test_what_stops_generation_comes_first() -> None:
    wave = GREET.replace("greet", "wave")
    sources = {GREET: ACTION.replace("icon: hand\n", ""), wave: ACTION.replace("greet", "wave") + "icno: x\n"}
    assert rules(sources) == ["unknown-key", "missing-icon"]


def test_a_file_that_is_wrong_is_not_judged_by_its_style() -> None:
    assert rules(ACTION.replace("icon: hand\n", "icno: hand\n")) == ["unknown-key"]


def test_a_mistake_that_leaves_the_structure_sound_hides_no_finding_of_style() -> None:
    text = ACTION.replace("icon: hand\n", "").replace("Control Flow", "Talking")
    assert rules(text) == ["unknown-category", "missing-icon"]


def test_an_older_version_is_not_compared_with_other_actions() -> None:
    wave = GREET.replace("greet", "wave")
    newest = ACTION.replace('"1.0.0"', '"2.0.0"').replace("type: string", "type: template")
    sources = {
        GREET: newest,
        GREET.replace(".yaml", ".v1.yaml"): ACTION.replace("type: string", "type: json"),
        wave: newest.replace("greet", "wave").replace("Greet", "Wave"),
    }
    assert rules(sources) == []


def test_a_param_stands_out_only_where_others_agree() -> None:
    sources = {GREET: ACTION}
    for name, kind in (("wave", "json"), ("bow", "string")):
        text = ACTION.replace("greet", name).replace("Greet", name.title()).replace("type: string", f"type: {kind}")
        sources[GREET.replace("greet", name)] = text
        stands_out = name == "bow"
        assert rules(sources) == ["near-duplicate-params"] * stands_out
    (problem,) = problems(sources)
    assert "wave" in problem.place.path
    assert problem.related[0].path.endswith(("greet.yaml", "bow.yaml"))


def test_linting_twice_gives_the_same() -> None:
    text = ACTION.replace("icon: hand\n", "").replace("label: Person", "label: person")
    assert problems(text) == problems(text) != ()


def test_there_are_rules_of_every_kind() -> None:
    assert len(style.RULES) >= 45
    assert {rule.category for rule in style.RULES} == {"minimal", "standard", "strict"}
    assert len({rule.id for rule in RULES}) == len(RULES)
