"""Workflow commands, which GitHub shows beside the lines of a pull request."""

from collections.abc import Iterator

from bud_codegen.diff.finding import Verdict
from bud_codegen.diff.formats.words import LEVELS, advice
from bud_codegen.diff.outcome import Outcome
from bud_codegen.problem import Place
from bud_codegen.report import as_github as problems_as_github
from bud_codegen.report import workflow_command


def as_github(outcome: Outcome) -> str:
    """Return one command per finding; what is approved is a notice."""
    return "\n".join(_commands(outcome))


def _commands(outcome: Outcome) -> Iterator[str]:
    for judged in outcome.judged:
        level = LEVELS[Verdict.info if judged.approval else judged.finding.verdict]
        yield workflow_command(level, judged.anchor, judged.finding.rule, advice(judged, outcome.usage))
    if outcome.problems:
        yield problems_as_github(outcome.problems, {})
    for use in outcome.usage.unexplained:
        yield workflow_command(
            "error", use.place or Place(use.owner), "pipeline", f"{use.where} fails too: {use.message}"
        )
