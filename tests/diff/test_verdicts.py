"""Who is concerned, case by case: pipelines, executors and frontends as one letter each."""

import pytest

from tests.diff.sides import changes, words

Case = tuple[str, str, dict[str, str]]
"""A param or output before and after, and {rule: verdicts}."""


def json_param(schema: str) -> str:
    return f"{{name: x, label: X, type: json, schema: {schema}}}"


def json_output(schema: str) -> str:
    return f"{{name: x, type: object, schema: {schema}}}"


TEXT = "{name: x, label: X, type: string%s}"
NUMBER = "{name: x, label: X, type: number%s}"
PARAMS: list[Case] = [
    ("", TEXT % "", {"param-added": "iii"}),
    ("", TEXT % ", required: true", {"param-added-required": "EiE"}),
    ("", TEXT % ", required: true, show_when: {param: loud, equals: true}", {"param-added-required": "EiD"}),
    (TEXT % "", "", {"param-removed-unreserved": "EEE"}),
    (TEXT % ", required: true", TEXT % "", {"param-became-optional": "iED"}),
    (TEXT % ", required: true", TEXT % ", default: a", {"param-became-optional": "iiD"}),
    (TEXT % "", TEXT % ", required: true", {"param-became-required": "EiE"}),
    (TEXT % ", default: a", TEXT % "", {"param-default-removed": "DED"}),
    (TEXT % "", TEXT % ", default: a", {"param-default-added": "Dii"}),
    (TEXT % ", default: b", TEXT % ", default: a", {"param-default-changed": "Dii"}),
    (NUMBER % ", validation: {integer: true}", NUMBER % "", {"param-type-widened": "iEi"}),
    (NUMBER % "", NUMBER % ", validation: {integer: true}", {"param-type-narrowed": "EiD"}),
    (NUMBER % "", NUMBER % ", validation: {min: 1, max: 3}", {"param-bounds-tightened": "EiD"}),
    (NUMBER % "", TEXT % "", {"param-type-changed": "EEE"}),
    (TEXT % "", json_param("{}"), {"param-type-widened": "iDD"}),
    (json_param("{}"), TEXT % "", {"param-type-narrowed": "EDE"}),
    (json_param("{type: string}"), TEXT % "", {"param-field-changed": "iii"}),
    (json_param("{type: object}"), json_param("{type: object, properties: {a: {}}}"), {"param-type-narrowed": "EEE"}),
    (json_param("{type: object, properties: {a: {}}}"), json_param("{type: object}"), {"param-type-widened": "iED"}),
    (
        json_param("{type: object, properties: {a: {}}}"),
        json_param("{type: object, properties: {a: {}, b: {type: string}}}"),
        {"member-added": "iii"},
    ),
    (
        json_param("{type: object, additionalProperties: true, properties: {a: {}}}"),
        json_param("{type: object, additionalProperties: true, properties: {a: {}, b: {type: string}}}"),
        {"member-added": "EiE"},
    ),
    (
        json_param("{type: array, items: {type: string}}"),
        json_param("{type: array, items: {type: string}, minItems: 1}"),
        {"param-bounds-tightened": "EiD"},
    ),
    (
        json_param("{type: array, items: {type: string, enum: [a, b]}}"),
        json_param("{type: array, items: {type: string, enum: [b]}}"),
        {"param-option-removed": "EDE"},
    ),
    (
        json_param("{type: object, additionalProperties: {type: number}}"),
        json_param("{type: object, additionalProperties: {type: string}}"),
        {"param-type-changed": "EEE"},
    ),
    (json_param("{}").replace("}}", "}, required: true}"), json_param("{}"), {"param-became-optional": "iED"}),
    (
        json_param('{type: [object, "null"]}'),
        json_param("{type: object}"),
        {"param-null-refused": "iii"},
    ),
    (
        "{name: x, label: X, type: json, schema: {type: string}, default: a}",
        '{name: x, label: X, type: json, schema: {type: [string, "null"]}, default: a}',
        {"param-null-allowed": "iEi"},
    ),
    (
        json_param('{type: object, required: [a], properties: {a: {type: [string, "null"]}}}'),
        json_param('{type: object, properties: {a: {type: [string, "null"]}}}'),
        {"member-became-optional": "iDD"},
    ),
    (
        "{name: x, label: X, type: range, default: [1, 2]}",
        "{name: x, label: X, type: range, default: [1, 2], show_when: {param: loud, equals: true}}",
        {"param-condition-added": "DEi"},
    ),
    (
        TEXT % ", default: a",
        TEXT % ", default: a, show_when: {param: loud, equals: true}",
        {"param-condition-added": "Dii"},
    ),
    (
        TEXT % ", required: true, show_when: {param: loud, equals: true}",
        TEXT % ", required: true, show_when: {param: loud, not_equals: false}",
        {"param-condition-changed": "Eii"},
    ),
    (
        TEXT % ", required: true, show_when: {param: sure, equals: true}",
        TEXT % ", required: true, show_when: {param: sure, not_equals: false}",
        {"param-condition-changed": "Dii"},
    ),
]
OUTPUTS: list[Case] = [
    ("", "{name: x, type: string}", {"output-added": "iEi"}),
    ("{name: x, type: string}", "", {"output-removed-unreserved": "EEE"}),
    (
        "{name: x, type: string}",
        '{name: "*", type: any}',
        {"output-removed-unreserved": "DEE", "output-any-added": "iEi"},
    ),
    ("{name: x, type: string}", "{name: x, type: any}", {"output-type-widened": "DiE"}),
    ("{name: x, type: any}", "{name: x, type: string}", {"output-type-narrowed": "EDi"}),
    ("{name: x, type: string}", "{name: x, type: number}", {"output-type-changed": "EEE"}),
    (
        "{name: x, type: number}",
        "{name: x, type: number, schema: {type: integer}}",
        {"output-type-narrowed": "iEi"},
    ),
    (
        "{name: x, type: number, schema: {type: integer}}",
        "{name: x, type: number}",
        {"output-type-widened": "DiD"},
    ),
    ("{name: x, type: string}", "{name: x, type: string, nullable: true}", {"output-null-allowed": "DiE"}),
    ("{name: x, type: string, nullable: true}", "{name: x, type: string}", {"output-null-refused": "iEi"}),
    ("{name: x, type: any}", "{name: x, type: any, nullable: true}", {"documentation-changed": "iii"}),
    (
        "{name: x, type: string}",
        "{name: x, type: string, schema: {type: string, enum: [a]}}",
        {"output-type-narrowed": "iEi"},
    ),
    (
        json_output("{type: object, properties: {a: {type: string}}}"),
        json_output("{type: object, properties: {a: {type: string}, b: {type: string}}, required: [b]}"),
        {"member-added": "iEi"},
    ),
    (
        json_output("{type: object, properties: {a: {type: string}}}"),
        json_output("{type: object, properties: {a: {type: number}}}"),
        {"output-type-changed": "DEE"},
    ),
]
CASES = [("params", *case) for case in PARAMS] + [("outputs", *case) for case in OUTPUTS]
SWITCHES = "  - {name: loud, label: Loud, type: boolean}\n  - {name: sure, label: Sure, type: boolean, default: true}\n"


@pytest.mark.parametrize(("key", "before", "after", "expected"), CASES)
def test_a_change_concerns_those_whom_it_concerns(key: str, before: str, after: str, expected: dict[str, str]) -> None:
    def listed(item: str) -> str:
        items = (SWITCHES if key == "params" else "") + (f"  - {item}\n" if item else "")
        return f"{key}:\n{items}" if items else ""

    assert {rule: words(found.verdicts) for rule, found in changes(listed(before), listed(after)).items()} == expected


RULES: list[Case] = [
    ("", "{kind: requires, params: [a], message: M}", {"rule-added": "EiD"}),
    ("", "{kind: requires, params: [b], message: M}", {"rule-added": "iiD"}),
    ("", "{kind: at_least_one_of, params: [a, b], message: M}", {"rule-added": "iiD"}),
    ("", "{kind: matches, params: [a], pattern: x, message: M}", {"rule-added": "DiD"}),
    (
        "{kind: requires, params: [a], message: M}",
        "{kind: requires, params: [a], message: M, when: [{param: b, equals: yy}]}",
        {"rule-changed": "iDD"},
    ),
    (
        "{kind: requires, params: [a], message: M, when: [{param: b, equals: yy}]}",
        "{kind: requires, params: [a], message: M}",
        {"rule-changed": "EDD"},
    ),
    (
        "{kind: requires, params: [a], message: M, when: [{param: b, equals: yy}]}",
        "{kind: requires, params: [a], message: M, when: [{param: b, equals: zz}]}",
        {"rule-changed": "EDD"},
    ),
    (
        "{kind: requires, params: [a], message: M, when: [{param: b, not_equals: yy}]}",
        "{kind: requires, params: [a], message: M, when: [{param: b, equals: zz}]}",
        {"rule-changed": "iDD"},
    ),
    (
        "{kind: requires, params: [b], message: M, when: [{param: a, present: true}]}",
        "{kind: requires, params: [b], message: M}",
        {"rule-changed": "iDD"},
    ),
    (
        "{kind: matches, params: [a], pattern: x, message: M, when: [{param: b, equals: yy}]}",
        "{kind: matches, params: [a], pattern: x, message: M}",
        {"rule-changed": "DDD"},
    ),
    (
        "{kind: requires, params: [a], message: M}",
        "{kind: requires, params: [a], message: Other}",
        {"documentation-changed": "iii"},
    ),
    (
        "{kind: exactly_one_of, params: [a, b], message: M}",
        "{kind: exactly_one_of, params: [b, a], message: M}",
        {},
    ),
]


@pytest.mark.parametrize(("before", "after", "expected"), RULES)
def test_a_rule_concerns_those_whom_it_can_refuse(before: str, after: str, expected: dict[str, str]) -> None:
    params = "params:\n  - {name: a, label: A, type: string}\n  - {name: b, label: B, type: string, default: yy}\n"

    def listed(rule: str) -> str:
        return params + (f"rules:\n  - {rule}\n" if rule else "")

    assert {rule: words(found.verdicts) for rule, found in changes(listed(before), listed(after)).items()} == expected


def rules(*items: str) -> str:
    params = "params:\n  - {name: a, label: A, type: string}\n  - {name: b, label: B, type: string}\n"
    return params + "rules:\n" * bool(items) + "".join(f"  - {item}\n" for item in items)


def default(value: str) -> str:
    return f"params:\n  - {{name: a, label: A, type: string, default: {value}}}\n"


def migration(dropped: str) -> str:
    return f"params:\n  - {{name: a, label: A, type: string}}\nmigrations:\n  - {{from_major: 0, drop: [{dropped}]}}\n"


REQUIRES = "{kind: requires, params: [a], message: M%s}"
MATCHES = "{kind: matches, params: [a], message: M, pattern: %s}"


@pytest.mark.parametrize(
    ("before", "one", "another"),
    [
        (rules(), rules(REQUIRES % ""), rules(REQUIRES % ", when: [{param: b, equals: zz}]")),
        (
            rules(REQUIRES % ", when: [{param: b, equals: yy}]"),
            rules(REQUIRES % ""),
            rules(REQUIRES % ", when: [{param: b, equals: zz}]"),
        ),
        (rules(), rules(MATCHES % "^x"), rules(MATCHES % "^z")),
        (default("short"), default("x" * 80 + "1"), default("x" * 80 + "2")),
        (migration("who"), migration("whom"), migration("whose")),
    ],
)
def test_another_change_has_another_fingerprint(before: str, one: str, another: str) -> None:
    fingerprints = [found.fingerprint for after in (one, another) for found in changes(before, after).values()]
    assert len({*fingerprints}) == len(fingerprints) == 2
