"""Executor of cluster_health."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from bud_actions.base import ActionContext, ActionError, ServiceError, ServiceTimeoutError, TypedExecutor
from bud_actions.platform.calls import ask_budcluster, object_in, path, text_in
from bud_generated.cluster.health import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    """Asks budcluster how a cluster is. What is found wrong is an output; not being able to ask is a failure."""

    async def run(self, params: Params, context: ActionContext) -> Outputs:
        try:
            answer = await ask_budcluster(
                context,
                "GET",
                path("cluster", params.cluster_id, "health"),
                query={"checks": ",".join(params.checks)},
                timeout_seconds=params.timeout_seconds,
            )
        except ServiceError as error:
            message = f"The cluster's health cannot be asked: {error}"
            status: Literal["timeout", "error"] = "timeout" if isinstance(error, ServiceTimeoutError) else "error"
            outputs = Outputs(healthy=False, status=status, issues=[message], details={})
            raise ActionError(message, outputs.to_dict(), had_effect=False) from error
        return _judged(params.checks, object_in(answer, "data"))


def _judged(checks: Sequence[str], found: Mapping[str, Any]) -> Outputs:
    """Return the verdict on what the checks found."""
    if not checks:
        return Outputs(healthy=False, status="unknown", issues=["No checks were asked for"], details={})
    issues = [issue for check in checks if (issue := _issue(check, object_in(found, check)))]
    return Outputs(
        healthy=not issues,
        status="degraded" if issues else "healthy",
        issues=issues,
        details={check: dict(object_in(found, check)) for check in checks},
    )


def _issue(check: str, found: Mapping[str, Any]) -> str | None:
    """Return what a check found wrong, in a sentence; None if nothing is."""
    if not found:
        return f"{check} check not available"
    if found.get("healthy") is True:
        return None
    return f"{check}: {text_in(found, 'message') or 'not healthy'}"
