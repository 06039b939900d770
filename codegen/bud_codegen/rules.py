"""The rules that action files are held to: ids, severities and one sentence each.

`bud explain RULE` adds the page rule_pages/<id>.md, with an example that breaks the rule and one that keeps it; both
are run by the tests.
"""

from importlib.resources import files
from typing import NamedTuple


class Rule(NamedTuple):
    """One rule."""

    id: str
    severity: str
    """`error` or `warning`."""
    summary: str
    """What the rule demands."""


RULES = (
    Rule("yaml-syntax", "error", "A file is one readable YAML document in UTF-8."),
    Rule("yaml-duplicate-key", "error", "A mapping gives each key once."),
    Rule("yaml-ambiguous", "error", "Words and numbers that readers of YAML understand differently are quoted."),
    Rule("yaml-tag", "error", "A file uses no tags and no merge keys."),
    Rule("yaml-limit", "error", "A file's size, depth and number of values are bounded, aliases expanded."),
    Rule("text-unsafe", "error", "Texts hold no invisible characters, and names stay on one line."),
    Rule("unknown-key", "error", "An object has only the keys that the language knows."),
    Rule("missing-key", "error", "An object has all the keys that it must have."),
    Rule("wrong-type", "error", "A value has the type that its key takes."),
    Rule("invalid-value", "error", "A value is one that its key allows."),
    Rule("version-not-semver", "error", "A version is a semantic version."),
    Rule("duplicate-action", "error", "No two files define the same action type or alias."),
    Rule("type-path-mismatch", "error", "An action's type follows from its folder and file name."),
    Rule("unknown-category", "error", "An action's category is listed in categories.yaml."),
    Rule("unknown-replacement", "error", "What replaces something deprecated exists."),
    Rule("duplicate-param", "error", "An action's params have different names."),
    Rule("duplicate-output", "error", "An action's outputs have different names."),
    Rule("duplicate-option", "error", "A param's options have different values."),
    Rule("select-without-options", "error", "A select or multiselect lists its options."),
    Rule("options-without-select", "error", "Only a select or multiselect has options."),
    Rule("validation-not-applicable", "error", "Bounds fit the type of the param."),
    Rule("bounds-inverted", "error", "A minimum is not greater than its maximum."),
    Rule("default-wrong-type", "error", "A default has the type of its param."),
    Rule("default-not-an-option", "error", "A default is one of the options."),
    Rule("default-out-of-bounds", "error", "A default lies within the bounds."),
    Rule("default-invalid", "error", "A default keeps the param's pattern, lengths and schema."),
    Rule("required-with-default", "error", "A param with a default is not required."),
    Rule("pattern-invalid", "error", "A pattern means the same in Python and in ECMAScript."),
    Rule("pattern-backtracking", "error", "A pattern cannot backtrack catastrophically."),
    Rule("schema-unsupported-keyword", "error", "A schema keeps to the profile that every target supports."),
    Rule("schema-invalid", "error", "A schema's keywords fit together."),
    Rule(
        "schema-not-applicable",
        "error",
        "Only json params have a schema, and an output's schema has the output's type.",
    ),
    Rule("ref-type-mismatch", "error", "A reference param's ref_type agrees with its type."),
    Rule("unknown-param", "error", "Conditions and rules name params that exist."),
    Rule("show-when-cycle", "error", "Params do not wait for each other to be shown."),
    Rule("condition-impossible", "error", "A condition compares with a value that the param can have."),
    Rule("rule-incomplete", "error", "A rule has what its kind needs."),
    Rule("example-invalid", "error", "Every example is valid."),
    Rule("reserved-name", "error", "Names that were removed, or that mean something else in a target, are not used."),
    Rule("name-collision", "error", "Names stay different after they are rewritten for Python and TypeScript."),
    Rule("event-driven-without-timeout", "error", "An event-driven action says how long to wait."),
    Rule("retry-without-idempotency", "error", "Only an action that can safely be repeated has a retry policy."),
    Rule("no-actions", "error", "A project has at least one action file."),
)

SEVERITIES = {rule.id: rule.severity for rule in RULES}


def page(rule: str) -> str:
    """Return the Markdown page that explains a rule. Raises KeyError for an unknown rule."""
    if rule not in SEVERITIES:
        raise KeyError(rule)
    return (files("bud_codegen") / "rule_pages" / f"{rule}.md").read_text(encoding="utf-8")
