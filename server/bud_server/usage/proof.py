"""Which pipelines only the catalog after a change refuses, and which finding says why."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from bud_codegen.diff.finding import Finding
from bud_codegen.diff.usage import Usage, Use
from bud_server.catalog.served import ServedCatalog
from bud_server.pipelines import Pipeline, PipelineProblem, check_pipeline
from bud_server.usage.causes import Causes, step_at
from bud_server.usage.known import KnownPipeline, pointed


def proof(
    pipelines: Iterable[KnownPipeline], before: ServedCatalog, after: ServedCatalog, findings: Sequence[Finding]
) -> Usage:
    """Check every pipeline against both catalogs; what only the second finds is what the change does."""
    checked = failing = broken = 0
    uses: dict[str, list[Use]] = defaultdict(list)
    unexplained: list[Use] = []
    for known in pipelines:
        checked += 1
        if known.pipeline is None:
            broken += 1
            continue
        old, new = before.pinned(known.pins), after.pinned(known.pins)
        earlier, later = check_pipeline(known.pipeline, old), check_pipeline(known.pipeline, new)
        broken += any(problem.is_error for problem in earlier)
        added = _added(known.pipeline, earlier, later)
        failing += any(problem.is_error for problem in added)
        causes = Causes(known.pipeline, old, new, findings)
        for problem in added:
            use = Use("pipeline", known.name, pointed(known, problem), problem.message, known.place(problem))
            explained = causes.of(problem)
            for finding in explained:
                uses[finding.fingerprint].append(use)
            if not explained and problem.is_error:
                unexplained.append(use)
    return Usage(checked, failing, broken, {each: tuple(found) for each, found in uses.items()}, tuple(unexplained))


def _added(
    pipeline: Pipeline, earlier: Iterable[PipelineProblem], later: Iterable[PipelineProblem]
) -> list[PipelineProblem]:
    """Return the problems that were not there before: of another code, another action, or at another place."""
    known = {_identity(pipeline, problem) for problem in earlier}
    return [problem for problem in later if _identity(pipeline, problem) not in known]


def _identity(pipeline: Pipeline, problem: PipelineProblem) -> tuple[object, ...]:
    step = step_at(pipeline, problem.path)
    return problem.code, step and step.action, problem.pointer, problem.name
