"""For a terminal."""

from bud_codegen.diff.approvals import offered
from bud_codegen.diff.finding import Verdict
from bud_codegen.diff.formats.words import VERDICTS, approval_line, counted, verdict_line
from bud_codegen.diff.outcome import AUDIENCES, Judged, Outcome, counts
from bud_codegen.diff.usage import Use
from bud_codegen.problem import Place
from bud_codegen.report import Style, frame, plain, visible
from bud_codegen.report import as_text as problems_as_text

ROLES = {Verdict.error: "error", Verdict.danger: "warning", Verdict.info: "hint"}


def as_text(outcome: Outcome, style: Style = plain) -> str:
    """Return each finding with the line it stands on, whom it concerns, and how to approve what fails."""
    parts = [_finding(each, outcome, style) for each in outcome.judged]
    if outcome.problems:
        sources = {} if outcome.approvals.source is None else {outcome.approvals.path: outcome.approvals.source}
        parts.append(problems_as_text(outcome.problems, sources, style) + "\n")
    parts += [
        f"{style(visible(use.where), 'place')}: fails too: {visible(use.message)}\n" for use in _unexplained(outcome)
    ]
    parts.append(_summary(outcome))
    if outcome.failing:
        entries = offered([each.finding for each in outcome.failing], outcome.today)
        parts.append(
            f"\nTo approve of what is meant, fill this in and add it to {outcome.approvals.path}:\n\n{entries}"
        )
    return "\n".join(parts)


def _unexplained(outcome: Outcome) -> list[Use]:
    return sorted(outcome.usage.unexplained)


def _finding(judged: Judged, outcome: Outcome, style: Style) -> str:
    finding = judged.finding
    role = ROLES[finding.verdict]
    tag = style(f"{VERDICTS[finding.verdict]}[{finding.rule}]", role)
    side = outcome.before if finding.after is None else outcome.after
    where = _where(judged.place, known=judged.place.path in side.documents)
    gone = f" in {visible(outcome.name)}" if finding.after is None else ""
    notes = [
        verdict_line(finding),
        f"fingerprint: {finding.fingerprint}",
        *judged.affected(outcome.usage),
        approval_line(judged),
    ]
    lines = [
        f"{style(visible(where), 'place')}{gone}: {tag} {visible(finding.message)}",
        *frame(judged.place, side.sources, role, style),
        *(f"   {visible(note)}" for note in notes if note),
    ]
    if finding.hint:
        lines.append(f"   {style('hint:', 'hint')} {visible(finding.hint)}")
    return "\n".join(lines) + "\n"


def _where(place: Place, *, known: bool) -> str:
    return str(place) if known else place.path


def _summary(outcome: Outcome) -> str:
    findings = [each.finding for each in outcome.judged]
    lines = [f"{audience + ':':<11}{counted(counts(findings, audience))}" for audience in AUDIENCES] if findings else []
    return "\n".join([*lines, *filter(None, [outcome.proof]), visible(outcome.headline)])
