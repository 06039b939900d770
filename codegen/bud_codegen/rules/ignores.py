"""Rules for the comments that ignore a finding."""

from bud_codegen.rules.rule import Rule

RULES: tuple[Rule, ...] = (
    Rule("ignore-without-reason", "error", "A comment that ignores a finding says why."),
    Rule("ignore-unknown-rule", "error", "A comment ignores rules that exist and can be ignored."),
    Rule("unused-ignore", "warning", "A comment that ignores a finding has one to ignore."),
)
