"""For programs; docs/changing-actions.md describes it."""

import json
from collections.abc import Mapping
from typing import Any

from bud_codegen.diff.outcome import AUDIENCES, Judged, Outcome
from bud_codegen.diff.usage import Use
from bud_codegen.problem import Place
from bud_codegen.report import problem_object


def as_json(outcome: Outcome) -> str:
    """Return one JSON object."""
    usage = outcome.usage
    pipelines = {"checked": usage.pipelines, "failing": usage.failing, "broken": usage.broken}
    document = {
        "compared_with": outcome.name,
        "actions": outcome.actions,
        "failed": outcome.has_failed,
        "findings": [_finding(each) for each in outcome.judged],
        "problems": [problem_object(problem) for problem in outcome.problems],
        "pipelines": None if usage.pipelines is None else pipelines,
        "unexplained": [_use(use) for use in usage.unexplained],
    }
    return json.dumps(document, indent=2)


def _finding(judged: Judged) -> dict[str, Any]:
    finding, approval = judged.finding, judged.approval
    return {
        "rule": finding.rule,
        "action": finding.action,
        "subject": finding.subject,
        "message": finding.message,
        "hint": finding.hint,
        "verdict": finding.verdict.name,
        "verdicts": {audience: getattr(finding.verdicts, audience).name for audience in AUDIENCES},
        "bump": finding.bump.name,
        "before": _place(finding.before),
        "after": _place(finding.after),
        "fingerprint": finding.fingerprint,
        "fails": judged.fails,
        "approved": approval
        and {"reason": approval.reason, "owner": approval.owner, "expires": approval.expires.isoformat()},
        "pipelines": [_use(use) for use in judged.uses if use.what == "pipeline"],
        "executors": [_use(use) for use in judged.uses if use.what == "executor"],
    }


def _place(place: Place | None) -> Mapping[str, Any] | None:
    if place is None:
        return None
    return {"path": place.path, "line": place.line, "column": place.column, "length": place.length}


def _use(use: Use) -> dict[str, Any]:
    return {"owner": use.owner, "where": use.where, "message": use.message}
