"""Rules of good style: what breaks them works, and could be better."""

from bud_codegen.rules.rule import Rule

RULES: tuple[Rule, ...] = ()
