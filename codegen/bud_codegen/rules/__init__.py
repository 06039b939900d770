"""The rules that actions are held to: ids, severities and one sentence each.

`bud explain RULE` adds the page rule_pages/<id>.md, with an example that breaks the rule and one that keeps it; both
are run by the tests.
"""

from importlib.resources import files as files_of

from bud_codegen.rules import changes, executors, files, style
from bud_codegen.rules.rule import Rule

__all__ = ["RULES", "SEVERITIES", "Rule", "page"]

RULES = (*files.RULES, *style.RULES, *executors.RULES, *changes.RULES)

SEVERITIES = {rule.id: rule.severity for rule in RULES}


def page(rule: str) -> str:
    """Return the Markdown page that explains a rule. Raises KeyError for an unknown rule."""
    if rule not in SEVERITIES:
        raise KeyError(rule)
    return (files_of("bud_codegen") / "rule_pages" / f"{rule}.md").read_text(encoding="utf-8")
