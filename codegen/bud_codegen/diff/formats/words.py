"""Words that several formats share."""

from collections.abc import Mapping

from bud_codegen.diff.finding import Bump, Finding, Verdict
from bud_codegen.diff.outcome import AUDIENCES, Judged
from bud_codegen.diff.usage import Usage
from bud_codegen.report import plural

VERDICTS = {Verdict.error: "error", Verdict.danger: "danger", Verdict.info: "safe"}
LEVELS = {Verdict.error: "error", Verdict.danger: "warning", Verdict.info: "notice"}
"""What code reviews call the verdicts."""


def verdict_line(finding: Finding) -> str:
    """Return `pipelines: error · executors: safe · frontends: error · needs major`."""
    parts = [f"{audience}: {VERDICTS[getattr(finding.verdicts, audience)]}" for audience in AUDIENCES]
    return " · ".join([*parts, f"needs {finding.bump.name}"] if finding.bump is not Bump.none else parts)


def counted(number: Mapping[Verdict, int]) -> str:
    """Return `2 errors, 1 danger, 0 safe`."""
    return f"{plural(number[Verdict.error], 'error')}, {number[Verdict.danger]} danger, {number[Verdict.info]} safe"


def approval_line(judged: Judged) -> str | None:
    """Return who approved of a finding; None if nobody did."""
    approval = judged.approval
    return f"approved by {approval.owner} until {approval.expires}: {approval.reason}" if approval else None


def gone_line(judged: Judged) -> str | None:
    """Return where something stood that is gone; None if it is there."""
    before = judged.finding.before
    return f"it stood at {before}" if before and judged.finding.after is None else None


def advice(judged: Judged, usage: Usage) -> str:
    """Return all that is to be said of a finding, in lines."""
    finding = judged.finding
    lines = [finding.message, gone_line(judged), verdict_line(finding), *judged.affected(usage)]
    lines += [approval_line(judged), finding.hint, f"fingerprint {finding.fingerprint}"]
    return "\n".join(filter(None, lines))
