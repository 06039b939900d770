"""Rules for executors, whose code is read and never imported."""

from bud_codegen.rules.rule import Rule

RULES: tuple[Rule, ...] = ()
