"""Actions of the folder cluster."""

from collections.abc import Mapping
from typing import Any

from tests.contract.rows.notices import (
    IGNORED,
    completes,
    eta,
    fails,
    in_envelope,
    notice,
    progress,
    workflow_completed,
)
from tests.contract.table import TOPIC, USER, Exchange, Row, Told

CLUSTER = "3f0f7c3a-91a6-4f57-8a5e-0c9d1e2b7f64"
NOT_REACHED = "budcluster cannot be reached: All connection attempts failed"
NO_ANSWER = "budcluster did not answer within 0.5 seconds"


def budcluster(method: str, path: str, body: Any = None, **more: Any) -> Exchange:
    """Return a call to budcluster."""
    headers = {"x-user-id": USER, "idempotency-key": "e/s"}
    return Exchange(service="budcluster", method=method, path=path, body=body, headers=headers, **more)


def workflow(status: str, reason: str | None = None, **steps: Any) -> Exchange:
    """Return a look at a workflow."""
    answer = {"workflow_id": "wf-1", "status": status, "reason": reason, "workflow_steps": steps}
    return budcluster("GET", "workflows/wf-1", answer=answer)


# cluster_health

WELL, ILL = {"healthy": True, "message": "3 of 3 ready", "count": 3}, {"healthy": False, "message": "1 of 3 not ready"}
HEALTHY = {"healthy": True, "status": "healthy", "issues": [], "details": {"nodes": WELL, "api": WELL}}


def ask_health(checks: str = "nodes,api", **more: Any) -> Exchange:
    """Return the call that asks how a cluster is."""
    return budcluster("GET", f"cluster/{CLUSTER}/health", query={"checks": checks}, **more)


def health(
    path: str,
    found: Mapping[str, Any] | None,
    outputs: Mapping[str, Any],
    *,
    checks: tuple[str, ...] = ("nodes", "api"),
) -> Row:
    """Return a path on which the cluster tells how it is."""
    return Row(
        action="cluster_health",
        path=path,
        params={"cluster_id": CLUSTER, "checks": list(checks)},
        exchanges=(ask_health(",".join(checks), answer={"code": 200, "data": found}),),
        outputs=outputs,
    )


def health_fails(path: str, error: str, *exchanges: Exchange, status: str = "error", **more: Any) -> Row:
    """Return a path on which the cluster cannot be asked."""
    error = f"The cluster's health cannot be asked: {error}"
    return Row(
        action="cluster_health",
        path=path,
        params={"cluster_id": CLUSTER},
        exchanges=exchanges,
        error=error,
        outputs={"healthy": False, "status": status, "issues": [error], "details": {}},
        had_effect=False,
        **more,
    )


CLUSTER_HEALTH = (
    health("all is well", {"nodes": WELL, "api": WELL}, HEALTHY),
    health(
        "a check finds something",
        {"nodes": ILL, "api": WELL},
        {
            "healthy": False,
            "status": "degraded",
            "issues": ["nodes: 1 of 3 not ready"],
            "details": {"nodes": ILL, "api": WELL},
        },
    ),
    health(
        "a check finds something and does not say what",
        {"gpu": {"healthy": False}},
        {
            "healthy": False,
            "status": "degraded",
            "issues": ["gpu: not healthy"],
            "details": {"gpu": {"healthy": False}},
        },
        checks=("gpu",),
    ),
    health(
        "a check is missing",
        {"nodes": WELL},
        {
            "healthy": False,
            "status": "degraded",
            "issues": ["api check not available"],
            "details": {"nodes": WELL, "api": {}},
        },
    ),
    health(
        "nothing is told",
        None,
        {
            "healthy": False,
            "status": "degraded",
            "issues": ["nodes check not available", "api check not available"],
            "details": {"nodes": {}, "api": {}},
        },
    ),
    health(
        "nothing is asked",
        {},
        {"healthy": False, "status": "unknown", "issues": ["No checks were asked for"], "details": {}},
        checks=(),
    ),
    health_fails(
        "there is no such cluster",
        "budcluster answered 404: No such cluster",
        ask_health(status=404, answer={"message": "No such cluster"}),
    ),
    health_fails(
        "budcluster says in its answer that it failed",
        "budcluster answered 500: Oops",
        ask_health(answer={"code": 500, "message": "Oops"}),
    ),
    health_fails(
        "budcluster fails", "budcluster answered 503: Later", ask_health(status=503, answer={"message": "Later"})
    ),
    health_fails("budcluster cannot be reached", NOT_REACHED, unreachable=("budcluster",)),
    health_fails("budcluster does not answer", NO_ANSWER, ask_health(seconds=1), status="timeout", patience=0.5),
)

# cluster_create

CREATE = {
    "cluster_name": "inference-in-1",
    "provider": "aws",
    "region": "ap-south-1",
    "node_type": "g5.xlarge",
    "node_count": 4,
}
CREATE_BODY = {
    "name": "inference-in-1",
    "provider": "aws",
    "region": "ap-south-1",
    "node_type": "g5.xlarge",
    "node_count": 4,
    "callback_topic": TOPIC,
}
CREATING = {
    "success": False,
    "cluster_id": None,
    "workflow_id": "wf-1",
    "status": "running",
    "message": "budcluster creates inference-in-1",
}
CREATED = {
    **CREATING,
    "success": True,
    "cluster_id": CLUSTER,
    "status": "completed",
    "message": "The cluster was created",
}
CREATES = "create_cluster"


def start_creating(body: Mapping[str, Any] = CREATE_BODY, **more: Any) -> Exchange:
    """Return the call that starts to create a cluster."""
    return budcluster("POST", "cluster/create-workflow", body, **more)


def not_created(message: str, **known: Any) -> dict[str, Any]:
    """Return the outputs of a cluster that was not created."""
    return {**CREATING, "workflow_id": None, **known, "status": "failed", "message": message}


def create_fails(path: str, error: str, had_effect: bool, *exchanges: Exchange, **more: Any) -> Row:
    """Return a path on which the workflow does not start."""
    error = f"Failed to create cluster: {error}"
    return Row(
        action="cluster_create",
        path=path,
        params=CREATE,
        exchanges=exchanges,
        error=error,
        outputs=not_created(error),
        had_effect=had_effect,
        **more,
    )


def create_later(path: str, method: Any, *exchanges: Exchange, **more: Any) -> Row:
    """Return what is asked about a workflow that has started."""
    context = {"step_outputs": {"step": CREATING}}
    return Row(
        action="cluster_create", path=path, params=CREATE, method=method, context=context, exchanges=exchanges, **more
    )


CLUSTER_CREATE = (
    Row(
        action="cluster_create",
        path="a cluster at a provider is waited for",
        params=CREATE,
        exchanges=(start_creating(answer={"workflow_id": "wf-1"}),),
        outputs=CREATING,
        awaits=("wf-1",),
        told=(
            Told(
                event=notice(CREATES, "results", "COMPLETED", result={"cluster_id": CLUSTER}), means=completes(CREATED)
            ),
            Told(
                event=in_envelope(notice(CREATES, "results", "COMPLETED", result={"cluster_id": CLUSTER})),
                means=completes(CREATED),
            ),
            Told(event=workflow_completed("COMPLETED", {"cluster_id": CLUSTER}), means=completes(CREATED)),
            Told(
                event=notice(CREATES, "results", "COMPLETED"),
                means=completes(CREATED),
                exchanges=(workflow("completed", cluster_id=CLUSTER),),
            ),
            Told(
                event=notice(CREATES, "results", "COMPLETED"),
                means=completes(
                    {
                        **CREATED,
                        "cluster_id": None,
                        "message": "The cluster was created, but its id could not be found out: "
                        "budcluster answered 404: Not Found",
                    }
                ),
                exchanges=(budcluster("GET", "workflows/wf-1", status=404, answer={"detail": "Not Found"}),),
            ),
            Told(
                event=notice(CREATES, "verify_cluster_connection", "FAILED", "The key was refused"),
                means=fails("The key was refused", not_created("The key was refused", workflow_id="wf-1")),
            ),
            Told(
                event=notice(CREATES, "results", "FAILED"),
                means=fails(
                    "budcluster could not create the cluster",
                    not_created("budcluster could not create the cluster", workflow_id="wf-1"),
                ),
            ),
            Told(
                event=workflow_completed("CANCELLED", reason="Stopped"),
                means=fails("Stopped", not_created("Stopped", workflow_id="wf-1")),
            ),
            Told(event=notice(CREATES, "eta", "RUNNING", "25"), means=eta(25)),
            Told(event=notice(CREATES, "verify_cluster_connection", "STARTED"), means=progress(20)),
            Told(event=notice(CREATES, "configure_cluster", "STARTED"), means=progress(50)),
            Told(event=notice(CREATES, "configure_cluster", "COMPLETED"), means=IGNORED),
        ),
    ),
    Row(
        action="cluster_create",
        path="a cluster on one's own premises",
        params={"cluster_name": "site-1", "provider": "onprem"},
        exchanges=(
            start_creating(
                {
                    **CREATE_BODY,
                    "name": "site-1",
                    "provider": "onprem",
                    "region": None,
                    "node_type": None,
                    "node_count": 3,
                },
                answer={"data": {"workflow_id": "wf-1"}},
            ),
        ),
        outputs={**CREATING, "message": "budcluster creates site-1"},
        awaits=("wf-1",),
    ),
    create_fails(
        "budcluster starts no workflow", "No workflow_id returned from budcluster", True, start_creating(answer={})
    ),
    create_fails(
        "budcluster refuses",
        "budcluster answered 409: It exists",
        False,
        start_creating(status=409, answer={"message": "It exists"}),
    ),
    create_fails(
        "budcluster fails",
        "budcluster answered 500: Oops",
        True,
        start_creating(status=500, answer={"message": "Oops"}),
    ),
    create_fails("budcluster cannot be reached", NOT_REACHED, False, unreachable=("budcluster",)),
    create_fails("budcluster does not answer", NO_ANSWER, True, start_creating(seconds=1), patience=0.5),
    create_later("the workflow has completed", "poll", workflow("completed", cluster_id=CLUSTER), outputs=CREATED),
    create_later(
        "the workflow has failed",
        "poll",
        workflow("failed", "No quota"),
        error="No quota",
        outputs=not_created("No quota", workflow_id="wf-1"),
    ),
    create_later("the workflow goes on", "poll", workflow("in_progress")),
    create_later(
        "the workflow is given up", "cleanup", workflow("in_progress"), budcluster("DELETE", "workflows/wf-1")
    ),
    create_later(
        "the workflow ends while it is given up",
        "cleanup",
        workflow("in_progress"),
        budcluster("DELETE", "workflows/wf-1", status=409),
    ),
    create_later("the workflow has ended before it is given up", "cleanup", workflow("completed")),
)

# cluster_delete

DELETE = {"cluster_id": CLUSTER}
DELETING = {
    "success": False,
    "cluster_id": CLUSTER,
    "workflow_id": "wf-1",
    "status": "running",
    "message": "budcluster deletes the cluster",
}
DELETED = {**DELETING, "success": True, "status": "completed", "message": "The cluster was deleted"}
DELETES = "delete_cluster"


def start_deleting(force: bool = False, **more: Any) -> Exchange:
    """Return the call that starts to delete a cluster."""
    body = {"callback_topic": TOPIC, "force": force}
    return budcluster("POST", f"cluster/{CLUSTER}/delete-workflow", body, **more)


def not_deleted(message: str, **known: Any) -> dict[str, Any]:
    """Return the outputs of a cluster that was not deleted."""
    return {**DELETING, "workflow_id": None, **known, "status": "failed", "message": message}


def delete_fails(path: str, error: str, had_effect: bool, *exchanges: Exchange, **more: Any) -> Row:
    """Return a path on which the workflow does not start."""
    error = f"Failed to delete cluster: {error}"
    return Row(
        action="cluster_delete",
        path=path,
        params=DELETE,
        exchanges=exchanges,
        error=error,
        outputs=not_deleted(error),
        had_effect=had_effect,
        **more,
    )


def delete_polled(path: str, *exchanges: Exchange, **more: Any) -> Row:
    """Return a look at the workflow before the wait times out."""
    context = {"step_outputs": {"step": DELETING}}
    return Row(
        action="cluster_delete", path=path, params=DELETE, method="poll", context=context, exchanges=exchanges, **more
    )


CLUSTER_DELETE = (
    Row(
        action="cluster_delete",
        path="the end of a cluster is waited for",
        params=DELETE,
        exchanges=(start_deleting(answer={"workflow_id": "wf-1"}),),
        outputs=DELETING,
        awaits=("wf-1",),
        told=(
            Told(
                event=notice(DELETES, "results", "COMPLETED", result={"cluster_id": CLUSTER}), means=completes(DELETED)
            ),
            Told(event=notice(DELETES, "results", "COMPLETED"), means=completes(DELETED)),
            Told(event=in_envelope(notice(DELETES, "results", "COMPLETED")), means=completes(DELETED)),
            Told(event=workflow_completed("COMPLETED"), means=completes(DELETED)),
            Told(
                event=notice(DELETES, "cluster_deletion_status", "FAILED", "It is used"),
                means=fails("It is used", not_deleted("It is used", workflow_id="wf-1")),
            ),
            Told(
                event=workflow_completed("FAILED"),
                means=fails(
                    "budcluster could not delete the cluster",
                    not_deleted("budcluster could not delete the cluster", workflow_id="wf-1"),
                ),
            ),
            Told(event=notice(DELETES, "eta", "RUNNING", "4"), means=eta(4)),
            Told(event=notice(DELETES, "cluster_deletion_status", "STARTED"), means=progress(30)),
            Told(event=notice(DELETES, "cluster_deletion_status", "COMPLETED"), means=IGNORED),
        ),
    ),
    Row(
        action="cluster_delete",
        path="the cluster is deleted with everything on it",
        params={**DELETE, "force": True},
        exchanges=(start_deleting(force=True, answer={"workflow_id": "wf-1"}),),
        outputs=DELETING,
        awaits=("wf-1",),
    ),
    Row(
        action="cluster_delete",
        path="an earlier attempt has deleted the cluster",
        params=DELETE,
        context={"attempt": 2},
        exchanges=(start_deleting(status=404, answer={"message": "No such cluster"}),),
        outputs={**DELETED, "workflow_id": None},
    ),
    delete_fails(
        "there is no such cluster",
        "budcluster answered 404: No such cluster",
        False,
        start_deleting(status=404, answer={"message": "No such cluster"}),
    ),
    delete_fails(
        "budcluster starts no workflow", "No workflow_id returned from budcluster", True, start_deleting(answer={})
    ),
    delete_fails(
        "budcluster fails",
        "budcluster answered 500: Oops",
        True,
        start_deleting(status=500, answer={"message": "Oops"}),
    ),
    delete_fails("budcluster cannot be reached", NOT_REACHED, False, unreachable=("budcluster",)),
    delete_fails("budcluster does not answer", NO_ANSWER, True, start_deleting(seconds=1), patience=0.5),
    delete_polled("the workflow has completed", workflow("completed"), outputs=DELETED),
    delete_polled(
        "the workflow has failed",
        workflow("failed", "It is used"),
        error="It is used",
        outputs=not_deleted("It is used", workflow_id="wf-1"),
    ),
    delete_polled("the workflow goes on", workflow("in_progress")),
)

ROWS: tuple[Row, ...] = (*CLUSTER_HEALTH, *CLUSTER_CREATE, *CLUSTER_DELETE)
