"""Rules for the difference of two catalogs: what a change does to those who rely on an action."""

from bud_codegen.rules.rule import Rule

RULES: tuple[Rule, ...] = ()
