"""What a comparison comes to: its findings, who approved of them, and whom they meet."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from bud_codegen.diff.approvals import NONE, Approval, Approvals, approvals_of, check_approvals
from bud_codegen.diff.finding import Finding, Verdict, Verdicts
from bud_codegen.diff.side import Side
from bud_codegen.diff.usage import UNKNOWN, Usage, Use
from bud_codegen.problem import Place, Problem
from bud_codegen.report import plural

AUDIENCES = Verdicts._fields


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding, and what is known beside it."""

    finding: Finding
    approval: Approval | None
    uses: tuple[Use, ...]
    fails: bool
    """Whether it is as bad as is not accepted, and nobody approved of it."""

    @property
    def place(self) -> Place:
        """Where it stands or, if it is gone, stood."""
        found = self.finding.after or self.finding.before
        return found or Place(self.finding.action)

    @property
    def anchor(self) -> Place:
        """Where it is shown in the files as they are: at the start of its file if it is gone."""
        return self.finding.after or Place(self.place.path)

    def affected(self, usage: Usage) -> list[str]:
        """Return a sentence for the pipelines that it meets, and one for the executors."""
        pipelines = [use for use in self.uses if use.what == "pipeline"]
        owners = len({use.owner for use in pipelines})
        said = [f"affects {owners} of {plural(usage.pipelines or 0, 'pipeline')}: {_listed(pipelines)}"] * bool(owners)
        executors = [use for use in self.uses if use.what == "executor"]
        return said + [f"affects executor {_listed(executors)}"] * bool(executors)


MOST_LISTED = 5
"""Places that one sentence names."""


def _listed(uses: Sequence[Use]) -> str:
    places = list(dict.fromkeys(use.where for use in uses))
    more = len(places) - MOST_LISTED
    return ", ".join([*places[:MOST_LISTED], *([f"and {more} more"] if more > 0 else [])])


@dataclass(frozen=True, slots=True)
class Outcome:
    """A whole comparison, as every format shows it."""

    name: str
    """What it was compared with."""
    before: Side
    after: Side
    judged: tuple[Judged, ...]
    approvals: Approvals
    problems: tuple[Problem, ...]
    """What is wrong with the approvals."""
    usage: Usage
    today: date

    @property
    def actions(self) -> int:
        """How many actions were compared, those of either side."""
        return len({action.reference for side in (self.before, self.after) for action in side.catalog.versions})

    @property
    def failing(self) -> list[Judged]:
        """The findings that make it fail."""
        return [each for each in self.judged if each.fails]

    @property
    def has_failed(self) -> bool:
        """Whether somebody has to do something."""
        return bool(self.failing or self.problems or self.usage.unexplained)

    @property
    def headline(self) -> str:
        """What was compared with what, and what came of it, in one sentence."""
        return f"{plural(self.actions, 'action')} compared with {self.name}: {self._result}"

    @property
    def _result(self) -> str:
        approved = sum(each.approval is not None for each in self.judged)
        told = f"{plural(len(self.judged), 'finding')}{f', {approved} approved' if approved else ''}"
        told = told if self.judged else "nothing changed"
        return f"{told}; {plural(len(self.problems), 'problem')} with approvals" if self.problems else told

    @property
    def proof(self) -> str | None:
        """What the pipelines say, in one sentence; None if nobody asked."""
        usage = self.usage
        if usage.pipelines is None:
            return None
        broken = f"; {plural(usage.broken, 'pipeline')} failed before already" if usage.broken else ""
        if not usage.failing:
            return f"{plural(usage.pipelines, 'pipeline')} checked: none fails because of this{broken}"
        verb = "fails" if usage.failing == 1 else "fail"
        return f"{usage.failing} of {plural(usage.pipelines, 'pipeline')} {verb} because of this{broken}"


def counts(findings: Sequence[Finding], audience: str) -> dict[Verdict, int]:
    """Return how many findings are how bad for an audience, the worst first."""
    verdicts = [getattr(finding.verdicts, audience) for finding in findings]
    return {verdict: verdicts.count(verdict) for verdict in sorted(Verdict, reverse=True)}


def outcome_of(
    name: str,
    before: Side,
    after: Side,
    findings: Sequence[Finding],
    *,
    fail_on: Verdict = Verdict.error,
    approvals: Approvals = NONE,
    usage: Usage = UNKNOWN,
    today: date,
) -> Outcome:
    """Judge the findings of a comparison with what is called `name`."""
    approved = approvals_of(approvals, findings, today)
    judged = tuple(
        Judged(
            finding,
            approved.get(finding.fingerprint),
            usage.uses.get(finding.fingerprint, ()),
            finding.verdict >= fail_on and finding.fingerprint not in approved,
        )
        for finding in findings
    )
    problems = check_approvals(approvals, findings, today)
    return Outcome(name, before, after, judged, approvals, problems, usage, today)
