"""The changes of a catalog as prose for those who use the actions."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from bud_codegen.diff.finding import Bump, Finding, Verdict
from bud_codegen.diff.formats.markdown import code, text
from bud_codegen.diff.side import Side
from bud_codegen.model import Action

SECTIONS = ("Breaking", "Dangerous", "Added and extended", "Fixed and documented")
_KINDS = {"params": "Param", "outputs": "Output"}
_ABOUT_THE_VERSION = "version-"
"""How rules begin that are about the version itself, which every heading shows."""


def changelog(name: str, before: Side, after: Side, findings: Sequence[Finding]) -> str:
    """Return Markdown: the changes since `name`, by action with its versions, and by what they mean."""
    told = [finding for finding in findings if not finding.rule.startswith(_ABOUT_THE_VERSION)]
    old, new = _by_reference(before), _by_reference(after)
    parts = [f"# Changes since {text(name)}"]
    for reference, group in groupby(told, lambda each: each.action):
        parts.append(_heading(reference, old.get(reference), new.get(reference)))
        parts += _sections(list(group))
    return "\n\n".join(parts if told else [*parts, "Nothing changed."])


def _by_reference(side: Side) -> dict[str, Action]:
    return {action.reference: action for action in side.catalog.versions}


def _heading(reference: str, before: Action | None, after: Action | None) -> str:
    shown = after or before
    name = text(shown.meta["name"]) if shown else ""
    return f"## {name} ({code(reference)}), {_versions(before, after)}"


def _versions(before: Action | None, after: Action | None) -> str:
    if before is None:
        return f"new in {after.meta['version']}" if after else "gone"
    if after is None:
        return f"{before.meta['version']}, removed"
    old, new = before.meta["version"], after.meta["version"]
    return f"still {new}" if old == new else f"{old} → {new}"


def _sections(findings: Sequence[Finding]) -> Iterator[str]:
    for title in SECTIONS:
        members = [finding for finding in findings if section_of(finding) == title]
        if members:
            yield f"### {title}"
            yield "\n".join(_item(finding) for finding in members)


def section_of(finding: Finding) -> str:
    """Return the section that a change belongs to: what it means to those who use the action."""
    worst = max(finding.verdicts.pipelines, finding.verdicts.frontends)
    if worst is Verdict.error:
        return "Breaking"
    if worst is Verdict.danger:
        return "Dangerous"
    return "Added and extended" if finding.bump >= Bump.minor or finding.before is None else "Fixed and documented"


def _item(finding: Finding) -> str:
    """Return a sentence that names what it is about."""
    part, _, name = finding.subject.partition(".")
    message = text(finding.message.rstrip("."))
    if name and part in _KINDS:
        is_named = finding.message.startswith(f"`{name}`")
        return f"- {_KINDS[part]} {message if is_named else f'{code(name)}: {message}'}."
    return f"- {part.capitalize()}: {message}." if part else f"- {message}."
