"""The rules that actions are held to: ids, severities and one sentence each.

`bud explain RULE` adds the page rule_pages/<id>.md, with an example that breaks the rule and one that keeps it; both
are run by the tests.
"""

from importlib.resources import files as files_of

from bud_codegen.rules import approvals, changes, executors, files, ignores, style
from bud_codegen.rules.rule import Rule, Severity

__all__ = ["FIXED", "RULES", "SEVERITIES", "Rule", "page"]

RULES = (
    *files.RULES,
    *ignores.RULES,
    *style.RULES,
    *executors.RULES,
    *changes.RULES,
    *approvals.RULES,
)

SEVERITIES: dict[str, Severity] = {rule.id: rule.severity for rule in RULES}

FIXED = frozenset(rule.id for rule in (*files.RULES, *ignores.RULES))
"""Rules that no setting changes and no comment ignores."""


def page(rule: str) -> str:
    """Return the Markdown page that explains a rule. Raises KeyError for an unknown rule."""
    if rule not in SEVERITIES:
        raise KeyError(rule)
    return (files_of("bud_codegen") / "rule_pages" / f"{rule}.md").read_text(encoding="utf-8")
