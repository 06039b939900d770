"""Sides and findings for the tests."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bud_codegen.diff.compare import compare
from bud_codegen.diff.finding import Finding, Verdicts
from bud_codegen.diff.reading import side_of
from bud_codegen.diff.side import Side
from bud_codegen.model import Project

BUD = Project()
GREET = "actions/bud_actions/builtin/greet.yaml"
HEAD = """\
type: greet
version: "1.0.0"
name: Greet
description: Says hello.
category: Control Flow
execution_mode: sync
"""


def side(sources: Mapping[str, str], known: Side | None = None) -> Side:
    return side_of(BUD, sources, known)


def folder_sources(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in sorted(folder.rglob("*.yaml"))}


def between(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Finding, ...]:
    return compare(side(before), side(after))


def changes(before: str, after: str) -> dict[str, Finding]:
    """Return what changed about one action, by rule, its version left aside."""
    found = between({GREET: HEAD + before}, {GREET: HEAD + after})
    return {finding.rule: finding for finding in found if not finding.rule.startswith("version")}


def words(verdicts: Verdicts) -> str:
    """Write verdicts as one letter for pipelines, executors and frontends each: `EiD`."""
    return "".join("iDE"[verdict] for verdict in verdicts)


def plain(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "action": finding.action,
        "subject": finding.subject,
        "message": finding.message,
        "verdicts": {name: verdict.name for name, verdict in finding.verdicts._asdict().items()},
        "bump": finding.bump.name,
        "before": finding.before and str(finding.before),
        "after": finding.after and str(finding.after),
        "hint": finding.hint,
    }
