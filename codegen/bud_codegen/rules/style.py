"""Rules of good style: what breaks them works, and could be better."""

from bud_codegen.rules.rule import Rule

DOCUMENTATION = (
    Rule("missing-param-description", "warning", "Every param has a description.", "standard"),
    Rule("missing-output-description", "warning", "Every output has a description.", "standard"),
    Rule("missing-example", "warning", "An action shows at least one example.", "standard"),
    Rule("missing-docs-url", "warning", "An action says where to read more.", "strict"),
    Rule("description-too-short", "warning", "A description is more than a single word.", "standard"),
    Rule("description-repeats-label", "warning", "A description says more than the label or the name.", "standard"),
    Rule("todo-left", "warning", "Texts that people read hold no notes to oneself.", "standard"),
)
INTERFACE = (
    Rule("missing-icon", "warning", "An action has an icon.", "standard"),
    Rule("missing-pattern-message", "warning", "A pattern comes with a message for people.", "standard"),
    Rule("missing-group", "warning", "A form with many fields is divided into groups.", "standard"),
    Rule("scattered-group", "warning", "The params of a group stand together.", "standard"),
    Rule("long-option-list", "warning", "A choice has no more options than a person can look through.", "standard"),
    Rule("single-option", "warning", "A choice has at least two options.", "standard"),
    Rule("repeated-option-label", "warning", "The options of a choice have different labels.", "standard"),
    Rule("repeated-param-label", "warning", "The params of a group have different labels.", "standard"),
    Rule("too-many-required", "warning", "An action asks for few things that it cannot do without.", "standard"),
    Rule(
        "required-after-optional", "warning", "Required params stand before the optional ones of their group.", "strict"
    ),
    Rule("label-style", "warning", "Names and labels start with a capital and end without punctuation.", "standard"),
)
SECURITY = (
    Rule("secret-default", "error", "A secret has no default."),
    Rule("secret-in-example", "error", "Examples hold no secrets."),
    Rule("secret-in-output", "warning", "No output is a secret."),
    Rule("secret-with-options", "error", "A secret is no choice from a public list."),
    Rule("looks-secret-not-marked", "warning", "A param that holds a secret is marked as one."),
    Rule("permission-missing", "warning", "An action that calls services says which permissions it takes.", "standard"),
    Rule("insecure-url", "warning", "Addresses that are given to others start with https.", "standard"),
)
BEHAVIOUR = (
    Rule("long-sync", "warning", "An action that takes more than ten minutes waits for an event.", "standard"),
    Rule("sync-without-timeout", "warning", "An action that calls services says how long they may take.", "standard"),
    Rule(
        "event-driven-without-failure-output",
        "warning",
        "An event-driven action has an output that can tell success from failure.",
        "standard",
    ),
    Rule(
        "idempotency-undeclared",
        "warning",
        "An action that calls services says whether it can be repeated.",
        "standard",
    ),
    Rule("retry-without-repetition", "warning", "A retry policy repeats a failed attempt.", "standard"),
    Rule("retry-without-wait", "warning", "A retry policy waits before it repeats.", "standard"),
    Rule("retry-of-event-driven", "warning", "Event-driven actions leave retries to the step.", "strict"),
)
LIFECYCLE = (
    Rule("sunset-passed", "warning", "What is past its sunset is removed."),
    Rule("deprecated-without-replacement", "warning", "A deprecated action names what replaces it.", "standard"),
    Rule("deprecated-without-sunset", "warning", "A deprecated action says when it will be gone.", "standard"),
    Rule(
        "deprecated-since-later", "warning", "Nothing is deprecated since a version that is still to come.", "standard"
    ),
    Rule("deprecated-required", "warning", "What is deprecated can be left out.", "standard"),
    Rule("deprecated-in-example", "warning", "Examples use nothing that is deprecated.", "standard"),
    Rule("replacement-deprecated", "warning", "What replaces something is not deprecated itself.", "standard"),
    Rule("stable-too-early", "warning", "A stable action has a version that promises as much.", "standard"),
)
NAMING = (
    Rule("type-order", "warning", "A type names the thing first, then what is done with it.", "strict"),
    Rule("stutter", "warning", "A name does not repeat the name of what it belongs to.", "standard"),
    Rule("negative-boolean", "warning", "A boolean says what is, not what is not.", "standard"),
    Rule("name-type-mismatch", "warning", "A name promises the type that the value has.", "standard"),
    Rule("plural-name", "warning", "A param or output that holds several values has a plural name.", "standard"),
    Rule("abbreviation", "warning", "Names are written out.", "standard"),
    Rule("missing-unit", "warning", "The name of a time says its unit.", "standard"),
    Rule("option-value-style", "warning", "The values of a choice are written alike.", "standard"),
)
CATALOG = (
    Rule("near-duplicate-params", "warning", "A param name means one type throughout the catalog.", "standard"),
    Rule("inconsistent-labels", "warning", "A param name has one label throughout the catalog.", "strict"),
    Rule("repeated-action-name", "warning", "The actions of a category have different names.", "standard"),
    Rule("unused-category", "warning", "Every category of the project holds an action.", "standard"),
)
RULES: tuple[Rule, ...] = (*DOCUMENTATION, *INTERFACE, *SECURITY, *BEHAVIOUR, *LIFECYCLE, *NAMING, *CATALOG)
