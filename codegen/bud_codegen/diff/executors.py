"""Where executors meet a change, read from their code without importing it."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache

from bud_codegen.diff.finding import Finding, Verdict
from bud_codegen.diff.side import Side
from bud_codegen.diff.usage import Use
from bud_codegen.lint.executors import Uses, uses
from bud_codegen.names import python_name
from bud_codegen.problem import Place
from bud_codegen.scaffold import executor_path

Read = Callable[[str], bytes | None]
"""Returns the content of a file by its path from the project's root; None if it is not there."""


def executor_uses(findings: Sequence[Finding], before: Side, after: Side, read: Read) -> dict[str, tuple[Use, ...]]:
    """Return, by fingerprint, where executors use what a finding that is not safe for them is about."""
    paths = {action.reference: executor_path(action) for side in (before, after) for action in side.catalog.versions}

    @cache
    def used(path: str) -> Uses | None:
        source = read(path)
        return None if source is None else uses(path, source)

    found: dict[str, tuple[Use, ...]] = {}
    for finding in findings:
        path = paths.get(finding.action)
        known = used(path) if path and finding.verdicts.executors is not Verdict.info else None
        if path and known:
            found[finding.fingerprint] = tuple(_uses(finding, path, known))
    return found


def _uses(finding: Finding, path: str, known: Uses) -> Iterator[Use]:
    part, _, rest = finding.subject.partition(".")
    name = rest.partition(".")[0]
    if not part:
        yield Use("executor", path, path, place=Place(path))
    if part not in ("params", "outputs"):
        return
    members = known.params if part == "params" else known.outputs
    for place in dict.fromkeys((*members.get(name, ()), *members.get(python_name(name), ()))):
        yield Use("executor", path, str(place), place=place)
