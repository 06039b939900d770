"""SARIF 2.1.0, for code scanning."""

from typing import Any

from bud_codegen.diff.formats.words import advice
from bud_codegen.diff.outcome import Judged, Outcome
from bud_codegen.diff.usage import Usage
from bud_codegen.report import SARIF_LEVELS, sarif_location, sarif_log, sarif_result


def as_sarif(outcome: Outcome) -> str:
    """Return one result per finding; what is approved is suppressed, with its reason."""
    findings = [_result(each, outcome.usage) for each in outcome.judged]
    return sarif_log([*findings, *map(sarif_result, outcome.problems)])


def _result(judged: Judged, usage: Usage) -> dict[str, Any]:
    finding, approval = judged.finding, judged.approval
    related = [finding.before] if finding.before and finding.after else []
    places = [*related, *(use.place for use in judged.uses if use.place)]
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": SARIF_LEVELS.get(finding.verdict.name, finding.verdict.name),
        "message": {"text": advice(judged, usage)},
        "locations": [sarif_location(judged.anchor)],
        "partialFingerprints": {"budFinding/v1": finding.fingerprint},
    }
    if places:
        result["relatedLocations"] = [sarif_location(place) for place in places]
    if approval:
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": approval.reason}]
    return result
