"""Actions of the folder deployment."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tests.contract.rows.failures import failures
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

AS_USER = {"user_id": USER}
ENDPOINT = "d9e2b7c4-0a63-4f18-b5d1-7c8e4f2a9b36"
MODEL = "8b1f0d52-6c1f-4d0a-9f3e-2a6f9d1c7e05"
PROJECT = "61c4e9f0-2d7b-4c35-8b1a-9e0f5a3d7c28"
CLUSTER = "3f0f7c3a-91a6-4f57-8a5e-0c9d1e2b7f64"
CREDENTIAL = "5d2f6a0e-7c1b-4f0e-9a57-2b8f3c6d1e40"
ODD_ID = "a/../b?c"
ODD_PATH = "endpoints/a%2F..%2Fb%3Fc"
"""The path of an endpoint with an odd id, as it is written."""


def _budapp(method: str, path: str, **more: Any) -> Exchange:
    return Exchange(service="budapp", method=method, path=path, **{"query": AS_USER, **more})


# deployment_ratelimit

LIMITS = {"algorithm": "token_bucket", "enabled": True, "requests_per_second": 10, "burst_size": 100}


def _limited(path: str, params: Mapping[str, Any], sent: Mapping[str, Any], answer: Any, **outputs: Any) -> Row:
    done = "Rate limits are in force" if sent["enabled"] else "Rate limits are stored, and not applied"
    call = _budapp("PUT", f"endpoints/{ENDPOINT}/deployment-settings", body={"rate_limits": sent}, answer=answer)
    return Row(
        action="deployment_ratelimit",
        path=path,
        params={"endpoint_id": ENDPOINT, **params},
        exchanges=(call,),
        outputs={"success": True, "endpoint_id": ENDPOINT, "config": sent, "message": done, **outputs},
    )


_SECOND = _limited("stores limits", {"requests_per_second": 10}, LIMITS, None)
RATELIMIT = (
    _SECOND,
    _limited(
        "yields the limits that are stored",
        {"requests_per_second": 10},
        LIMITS,
        {"deployment_settings": {"rate_limits": {**LIMITS, "burst_size": 20, "scope": "key"}, "retry_limits": {}}},
        config={**LIMITS, "burst_size": 20, "scope": "key"},
    ),
    *(
        _limited(
            f"yields what was sent where the answer has an odd {name}",
            {"requests_per_second": 10},
            LIMITS,
            {"deployment_settings": {"rate_limits": {**LIMITS, name: value}}},
        )
        for name, value in (("algorithm", 5), ("enabled", "yes"), ("burst_size", "x"), ("requests_per_hour", True))
    ),
    _limited(
        "stores all limits, not applied",
        {
            "algorithm": "sliding_window",
            "requests_per_second": 1,
            "requests_per_minute": 2,
            "requests_per_hour": 3,
            "burst_size": 4,
            "enabled": False,
            "user_id": "somebody-else",
        },
        {
            "algorithm": "sliding_window",
            "enabled": False,
            "requests_per_second": 1,
            "requests_per_minute": 2,
            "requests_per_hour": 3,
            "burst_size": 4,
        },
        {},
    ),
    *failures(
        replace(_SECOND, exchanges=()),
        _SECOND.exchanges[0],
        "Failed to store the rate limits",
        lambda message: {"success": False, "endpoint_id": ENDPOINT, "config": None, "message": message},
    ),
)

# deployment_scale and deployment_autoscale

SETTINGS: dict[str, Any] = {
    "enabled": False,
    "minReplicas": 1,
    "maxReplicas": 5,
    "scalingStrategy": "BudScaler",
    "metricsSources": [
        {"type": "pod", "protocolType": "http", "port": "9090", "path": "/metrics", "targetMetric": "bud:num_requests"},
        {"type": "resource", "targetMetric": "cpu", "targetValue": "50"},
    ],
    "gpuConfig": {"enabled": True, "memoryThreshold": 80},
    "costConfig": {"enabled": True, "hourlyBudgetLimit": 10},
    "predictionConfig": {"enabled": False},
    "scheduleHints": [{"name": "night", "targetReplicas": 0}],
    "multiCluster": {"enabled": False},
    "behavior": {
        "scaleUp": {"stabilizationWindowSeconds": 0},
        "scaleDown": {"stabilizationWindowSeconds": 300, "selectPolicy": "Min"},
    },
    "scaleToZeroConfig": None,
}


def _read(settings: Any) -> Exchange:
    answer = {"endpoint_id": ENDPOINT, "budaiscaler_specification": settings}
    return _budapp("GET", f"endpoints/{ENDPOINT}/autoscale", answer=answer)


def _written(settings: Mapping[str, Any], answer: Any = None) -> Exchange:
    body = {"budaiscaler_specification": settings}
    return _budapp("PUT", f"endpoints/{ENDPOINT}/autoscale", body=body, answer=answer)


UNREAD = "Failed to read the scaling settings, so they were left as they are"
_FIXED = {"enabled": True, "minReplicas": 4, "maxReplicas": 4}
_SCALED = {
    "success": True,
    "endpoint_id": ENDPOINT,
    "target_replicas": 4,
    "previous_min_replicas": 1,
    "previous_max_replicas": 5,
    "scaling_strategy": "BudScaler",
    "message": "Replicas are set to 4",
}
_NOT_KNOWN = {"previous_min_replicas": None, "previous_max_replicas": None, "scaling_strategy": None}
_SCALE = Row(
    action="deployment_scale",
    path="keeps all other settings",
    params={"endpoint_id": ENDPOINT, "target_replicas": 4},
    exchanges=(_read(SETTINGS), _written({**SETTINGS, **_FIXED})),
    outputs=_SCALED,
)
SCALE = (
    _SCALE,
    replace(
        _SCALE,
        path="there were no settings",
        exchanges=(_read(None), _written(_FIXED)),
        outputs={**_SCALED, **_NOT_KNOWN},
    ),
    replace(
        _SCALE,
        path="stops the endpoint, as whoever started the pipeline",
        params={"endpoint_id": ENDPOINT, "target_replicas": 0, "user_id": "somebody-else"},
        exchanges=(_read(SETTINGS), _written({**SETTINGS, "enabled": True, "minReplicas": 0, "maxReplicas": 0})),
        outputs={**_SCALED, "target_replicas": 0, "message": "Replicas are set to 0"},
    ),
    replace(
        _SCALE,
        path="the answer has no settings",
        exchanges=(_budapp("GET", f"endpoints/{ENDPOINT}/autoscale", answer={"message": "ok"}),),
        outputs={
            **_SCALED,
            **_NOT_KNOWN,
            "success": False,
            "message": f"{UNREAD}: budapp answered without the settings of the endpoint",
        },
        error=f"{UNREAD}: budapp answered without the settings of the endpoint",
        had_effect=False,
    ),
    replace(
        _SCALE,
        path="the id leads nowhere",
        params={"endpoint_id": "..", "target_replicas": 4},
        exchanges=(),
        outputs={
            **_SCALED,
            **_NOT_KNOWN,
            "success": False,
            "endpoint_id": "..",
            "message": f"{UNREAD}: '..' is not an id: give the id of something that exists",
        },
        error=f"{UNREAD}: '..' is not an id: give the id of something that exists",
        had_effect=False,
    ),
    *failures(
        replace(_SCALE, exchanges=()),
        _read(SETTINGS),
        UNREAD,
        lambda message: {**_SCALED, **_NOT_KNOWN, "success": False, "message": message},
        only_reads=True,
    ),
    *failures(
        replace(_SCALE, exchanges=_SCALE.exchanges[:1]),
        _SCALE.exchanges[1],
        "Failed to scale the endpoint",
        lambda message: {**_SCALED, "success": False, "message": message},
    ),
)

_CPU = {"type": "resource", "targetMetric": "cpu", "targetValue": "60"}
_MEMORY = {"type": "resource", "targetMetric": "memory", "targetValue": "80"}
_BOUNDS = {"enabled": True, "minReplicas": 2, "maxReplicas": 8}
_FOLLOWING = {
    **SETTINGS,
    **_BOUNDS,
    "metricsSources": [SETTINGS["metricsSources"][0], _CPU, _MEMORY],
    "behavior": {
        "scaleUp": {"stabilizationWindowSeconds": 0},
        "scaleDown": {"stabilizationWindowSeconds": 120, "selectPolicy": "Min"},
    },
}
_FIRST_SETTINGS = {
    **_BOUNDS,
    "metricsSources": [_CPU, _MEMORY],
    "behavior": {"scaleDown": {"stabilizationWindowSeconds": 120}},
}
_AUTOSCALED = {
    "success": True,
    "deployment_id": ENDPOINT,
    "config": _FOLLOWING,
    "message": "Replicas follow the load, between 2 and 8",
}
_AUTOSCALE = Row(
    action="deployment_autoscale",
    path="keeps all other settings",
    params={
        "deployment_id": ENDPOINT,
        "min_replicas": 2,
        "max_replicas": 8,
        "target_cpu_utilization": 60,
        "scale_down_delay_seconds": 120,
    },
    exchanges=(_read(SETTINGS), _written(_FOLLOWING)),
    outputs=_AUTOSCALED,
)


def _not_autoscaled(message: str) -> dict[str, Any]:
    return {"success": False, "deployment_id": ENDPOINT, "config": None, "message": message}


AUTOSCALE = (
    _AUTOSCALE,
    replace(
        _AUTOSCALE,
        path="there were no settings, and what is stored is yielded",
        exchanges=(
            _read(None),
            _written(_FIRST_SETTINGS, {"budaiscaler_specification": {**_FIRST_SETTINGS, "scheduleHints": []}}),
        ),
        outputs={**_AUTOSCALED, "config": {**_FIRST_SETTINGS, "scheduleHints": []}},
    ),
    *failures(replace(_AUTOSCALE, exchanges=()), _read(SETTINGS), UNREAD, _not_autoscaled, only_reads=True),
    *failures(
        replace(_AUTOSCALE, exchanges=_AUTOSCALE.exchanges[:1]),
        _AUTOSCALE.exchanges[1],
        "Failed to store the scaling settings",
        _not_autoscaled,
    ),
)

# deployment_delete

_DELETE = _budapp(
    "POST",
    f"endpoints/{ENDPOINT}/delete-workflow",
    body={"callback_topic": TOPIC, "force": False},
    answer={"workflow_id": "wf-1", "code": 200, "message": "Deployment deleting initiated successfully"},
)
_DELETING = {
    "success": False,
    "endpoint_id": ENDPOINT,
    "workflow_id": "wf-1",
    "namespace": None,
    "cluster_id": None,
    "status": "running",
    "message": "budapp deletes the deployment",
}
_DELETED = {**_DELETING, "success": True, "status": "completed", "message": "The deployment was deleted"}
_WHERE = {"namespace": "bud-chat", "cluster_id": CLUSTER}


def _not_deleted(message: str, workflow_id: str | None = "wf-1") -> dict[str, Any]:
    return {**_DELETING, "workflow_id": workflow_id, "status": "failed", "message": message}


_DELETE_STARTS = Row(
    action="deployment_delete",
    path="waits for the workflow",
    params={"endpoint_id": ENDPOINT},
    exchanges=(_DELETE,),
    outputs=_DELETING,
    awaits=("wf-1",),
    timeout_seconds=300,
    told=(
        Told(event=notice("delete_deployment", "deployment_deletion_status", "STARTED"), means=progress(30)),
        Told(event=notice("delete_deployment", "eta", "RUNNING", "4"), means=eta(4)),
        Told(event=notice("delete_deployment", "delete_namespace", "STARTED"), means=progress(70)),
        Told(event=notice("delete_deployment", "delete_namespace", "COMPLETED"), means=IGNORED),
        Told(
            event=notice("delete_deployment", "results", "COMPLETED", results=_WHERE),
            means=completes({**_DELETED, **_WHERE}),
        ),
        Told(
            event=in_envelope(notice("delete_deployment", "results", "COMPLETED", result=_WHERE)),
            means=completes({**_DELETED, **_WHERE}),
        ),
        Told(event=notice("delete_deployment", "deployment_deletion_status", "COMPLETED"), means=completes(_DELETED)),
        Told(event=workflow_completed("COMPLETED", _WHERE), means=completes({**_DELETED, **_WHERE})),
        Told(
            event=notice("delete_deployment", "delete_namespace", "FAILED", "The cluster is gone"),
            means=fails("The cluster is gone", _not_deleted("The cluster is gone")),
        ),
        Told(
            event=workflow_completed("FAILED", reason="The cluster is gone"),
            means=fails("The cluster is gone", _not_deleted("The cluster is gone")),
        ),
        Told(
            event=notice("delete_deployment", "results", "FAILED"),
            means=fails(
                "budapp could not delete the deployment", _not_deleted("budapp could not delete the deployment")
            ),
        ),
        Told(event={"type": "anything"}, means=IGNORED),
    ),
)
_DELETE_POLL = replace(
    _DELETE_STARTS,
    path="polled while it goes on",
    exchanges=(_budapp("GET", "workflows/wf-1", answer={"workflow_id": "wf-1", "status": "in_progress"}),),
    method="poll",
    context={"step_outputs": {"step": _DELETING}},
    outputs=None,
    awaits=None,
    timeout_seconds=None,
    told=(),
)


def _ended(row: Row, path: str, state: Mapping[str, Any], outputs: Mapping[str, Any], error: str | None) -> Row:
    call = _budapp("GET", "workflows/wf-1", answer={"workflow_id": "wf-1", **state})
    return replace(row, path=path, exchanges=(call,), outputs=outputs, error=error)


DELETE = (
    _DELETE_STARTS,
    replace(
        _DELETE_STARTS,
        path="with force, an odd id and a shorter wait",
        params={"endpoint_id": ODD_ID, "force": True, "max_wait_seconds": 60, "user_id": "somebody-else"},
        exchanges=(
            replace(_DELETE, path=f"{ODD_PATH}/delete-workflow", body={"callback_topic": TOPIC, "force": True}),
        ),
        outputs={**_DELETING, "endpoint_id": ODD_ID},
        timeout_seconds=60,
        told=(),
    ),
    replace(
        _DELETE_STARTS,
        path="done at once, without a workflow",
        exchanges=(replace(_DELETE, answer={"message": "Deployment deleting initiated successfully"}),),
        outputs={**_DELETED, "workflow_id": None, "message": "Deployment deleting initiated successfully"},
        awaits=None,
        timeout_seconds=None,
        told=(),
    ),
    replace(
        _DELETE_STARTS,
        path="the workflow's id cannot be kept",
        exchanges=(replace(_DELETE, answer={"workflow_id": "a\x00b"}),),
        outputs=_not_deleted(
            "Failed to delete the deployment: budapp answered with a workflow_id that cannot be kept", None
        ),
        error="Failed to delete the deployment: budapp answered with a workflow_id that cannot be kept",
        had_effect=True,
        awaits=None,
        timeout_seconds=None,
        told=(),
    ),
    replace(
        _DELETE_STARTS,
        path="gone since an earlier attempt",
        exchanges=(replace(_DELETE, status=404, answer={"message": "Endpoint not found"}),),
        context={"attempt": 2},
        outputs={**_DELETED, "workflow_id": None},
        awaits=None,
        timeout_seconds=None,
        told=(),
    ),
    *failures(
        replace(_DELETE_STARTS, exchanges=(), awaits=None, timeout_seconds=None, told=()),
        _DELETE,
        "Failed to delete the deployment",
        lambda message: _not_deleted(message, None),
    ),
    _DELETE_POLL,
    _ended(_DELETE_POLL, "polled when it has ended", {"status": "completed"}, _DELETED, None),
    _ended(
        _DELETE_POLL,
        "polled when it has failed",
        {"status": "failed", "reason": "The cluster is gone"},
        _not_deleted("The cluster is gone"),
        "The cluster is gone",
    ),
)

# deployment_create

_CLOUD = {"model_id": MODEL, "project_id": PROJECT, "endpoint_name": "chat", "credential_id": CREDENTIAL}
_LOCAL = {"model_id": MODEL, "project_id": PROJECT, "endpoint_name": "chat", "cluster_id": CLUSTER}
_DEPLOY_BODY = {
    "workflow_total_steps": 1,
    "step_number": 1,
    "trigger_workflow": True,
    "model_id": MODEL,
    "project_id": PROJECT,
    "endpoint_name": "chat",
    "deploy_config": {
        "concurrent_requests": 1,
        "avg_sequence_length": 512,
        "avg_context_length": 4096,
        "ttft": [50, 200],
        "per_session_tokens_per_sec": [10, 50],
        "e2e_latency": [10, 60],
    },
    "callback_topic": TOPIC,
    "hardware_mode": "dedicated",
}
_STARTED = {"workflow_id": "wf-1", "status": "in_progress", "current_step": 1}


def _deploy(answer: Any = None, **body: Any) -> Exchange:
    return _budapp("POST", "models/deploy-workflow", body={**_DEPLOY_BODY, **body}, answer=answer or _STARTED)


_MODEL = _budapp(
    "GET", f"models/{MODEL}", answer={"model": {"id": MODEL, "local_path": "models/llama", "uri": "meta/llama"}}
)
_RECOMMENDATION = {
    "cluster_id": CLUSTER,
    "metrics": {"ttft": 60},
    "tool_calling_parser_type": "hermes",
    "reasoning_parser_type": None,
    "chat_template": "chatml",
    "supports_lora": False,
    "supports_pipeline_parallelism": True,
}
_SIMULATE_BODY = {
    "pretrained_model_uri": "models/llama",
    "input_tokens": 4096,
    "output_tokens": 512,
    "concurrency": 1,
    "target_ttft": 50,
    "target_throughput_per_user": 50,
    "target_e2e_latency": 10,
    "is_proprietary_model": False,
    "hardware_mode": "dedicated",
    "debug": True,
    "cluster_id": CLUSTER,
}


def _simulate(recommendations: list[dict[str, Any]], **body: Any) -> Exchange:
    return Exchange(
        service="budsim",
        method="POST",
        path="simulator/run",
        body={**_SIMULATE_BODY, **body},
        answer={"workflow_id": "sim-1", "recommendations": recommendations},
    )


_RECOMMENDED = {
    "simulator_id": "sim-1",
    "enable_tool_calling": True,
    "tool_calling_parser_type": "hermes",
    "chat_template": "chatml",
    "supports_lora": False,
    "supports_pipeline_parallelism": True,
}
_DEPLOYING = {
    "success": False,
    "endpoint_id": None,
    "endpoint_url": None,
    "endpoint_name": "chat",
    "workflow_id": "wf-1",
    "status": "running",
    "message": "budapp deploys chat",
}
_PLACE = {"endpoint_id": ENDPOINT, "endpoint_url": "https://chat.example.com"}
_DEPLOYED = {**_DEPLOYING, **_PLACE, "success": True, "status": "completed", "message": "chat is deployed"}
_LOOKED_UP = _budapp(
    "GET",
    "endpoints/",
    query={"name": "chat", "project_id": PROJECT, "limit": "100", "user_id": USER},
    answer={
        "endpoints": [
            {"id": "other", "name": "chat-2", "url": "https://other.example.com"},
            {"id": ENDPOINT, "name": "chat", "url": "https://chat.example.com"},
        ]
    },
)
_REFUSED_LOOK = replace(_LOOKED_UP, status=403, answer={"message": "not yours"})
_EMPTY_LOOK = replace(_LOOKED_UP, answer={"endpoints": []})
_NO_ENDPOINT = f"budapp has no endpoint 'chat' in the project {PROJECT} yet"


def _deployed_without(what: str, why: str, endpoint_id: str | None) -> dict[str, Any]:
    message = f"chat is deployed, but its {what} could not be found out: {why}"
    return {**_DEPLOYED, "endpoint_id": endpoint_id, "endpoint_url": None, "message": message}


def _not_deployed(message: str, workflow_id: str | None = None) -> dict[str, Any]:
    return {**_DEPLOYING, "workflow_id": workflow_id, "status": "failed", "message": message}


def _deployment_fails(message: str) -> Any:
    return fails(message, _not_deployed(message, "wf-1"))


_CREATE = Row(
    action="deployment_create",
    path="a cloud model: waits for the workflow",
    params=_CLOUD,
    exchanges=(_deploy(credential_id=CREDENTIAL),),
    outputs=_DEPLOYING,
    awaits=("wf-1",),
    told=(
        Told(event=notice("deploy_model", "deploy_model", "STARTED"), means=progress(30)),
        Told(event=notice("deploy_model", "deploy_model", "COMPLETED"), means=progress(50)),
        Told(event=notice("deploy_model", "deployment_status", "STARTED"), means=progress(60)),
        Told(event=notice("deploy_model", "verify_cluster_connection", "STARTED"), means=IGNORED),
        Told(event=notice("deploy_model", "verify_cluster_connection", "COMPLETED"), means=progress(65)),
        Told(event=notice("deploy_model", "transfer_model_to_cluster", "COMPLETED"), means=progress(70)),
        Told(event=notice("deploy_model", "deploy_to_engine", "COMPLETED"), means=progress(80)),
        Told(event=notice("deploy_model", "verify_deployment_status", "COMPLETED"), means=progress(85)),
        Told(event=notice("deploy_model", "run_performance_benchmark", "COMPLETED"), means=progress(95)),
        Told(event=notice("deploy_model", "deployment_status", "COMPLETED"), means=IGNORED),
        Told(event=notice("deploy_model", "eta", "RUNNING", "7"), means=eta(7)),
        Told(event=notice("delete_deployment", "results", "COMPLETED"), means=IGNORED),
        Told(event={"type": "anything"}, means=IGNORED),
        Told(event=notice("deploy_model", "results", "COMPLETED", result=_PLACE), means=completes(_DEPLOYED)),
        Told(
            event=notice("perform_deployment", "results", "COMPLETED", result={"namespace": "bud-chat"}),
            means=completes(_DEPLOYED),
            exchanges=(_LOOKED_UP,),
        ),
        Told(
            event=notice("deploy_model", "results", "COMPLETED", result={"deployment_url": "http://chat.internal"}),
            means=completes({**_DEPLOYED, "endpoint_url": "http://chat.internal"}),
            exchanges=(_LOOKED_UP,),
        ),
        Told(event=workflow_completed("COMPLETED"), means=completes(_DEPLOYED), exchanges=(_LOOKED_UP,)),
        *(
            Told(
                event=notice("deploy_model", "results", "COMPLETED", result={"endpoint_id": ENDPOINT}),
                means=completes(_deployed_without("address", why, ENDPOINT)),
                exchanges=(look,),
            )
            for look, why in ((_REFUSED_LOOK, "budapp answered 403: not yours"), (_EMPTY_LOOK, _NO_ENDPOINT))
        ),
        Told(event=in_envelope(workflow_completed("COMPLETED", _PLACE)), means=completes(_DEPLOYED)),
        Told(
            event=notice("deploy_model", "verify_cluster_connection", "FAILED", "No such cluster"),
            means=_deployment_fails("No such cluster"),
        ),
        Told(
            event=notice("deploy_model", "results", "FAILED"),
            means=_deployment_fails("budapp could not deploy the model"),
        ),
        Told(event=workflow_completed("FAILED", reason="No GPU"), means=_deployment_fails("No GPU")),
    ),
)
_CREATE_ENDS = replace(_CREATE, exchanges=(), awaits=None, told=())
_CREATE_POLL = replace(_CREATE_ENDS, method="poll", context={"step_outputs": {"step": _DEPLOYING}}, outputs=None)
_CANCEL = _budapp("POST", "models/cancel-deployment", body={"workflow_id": "wf-1"})
_GOES_ON = _budapp("GET", "workflows/wf-1", answer=_STARTED)
_CREATE_CLEANUP = replace(_CREATE_POLL, method="cleanup", path="cancels the workflow", exchanges=(_GOES_ON, _CANCEL))
_UNFIT = "No configuration was found that meets the targets"
_ODD_WORKFLOW = "Failed to start the deployment: budapp answered with a workflow_id that cannot be kept"
_EVERYTHING = {
    **_LOCAL,
    "hardware_mode": "shared",
    "concurrent_requests": 20,
    "avg_sequence_length": 100,
    "avg_context_length": 200,
    "ttft": [20, 30],
    "per_session_tokens_per_sec": [5, 6],
    "e2e_latency": [7, 8],
    "budaiscaler_specification": {"enabled": True, "minReplicas": 1, "maxReplicas": 5, "gpuConfig": {}},
    "tool_calling_parser_type": "pythonic",
    "reasoning_parser_type": "deepseek_r1",
    "chat_template": "own",
    "supports_lora": True,
    "supports_pipeline_parallelism": False,
}
_EVERYTHING_SENT = {
    "cluster_id": CLUSTER,
    "hardware_mode": "shared",
    "deploy_config": {
        "concurrent_requests": 20,
        "avg_sequence_length": 100,
        "avg_context_length": 200,
        "ttft": [20, 30],
        "per_session_tokens_per_sec": [5, 6],
        "e2e_latency": [7, 8],
    },
    "budaiscaler_specification": {"enabled": True, "minReplicas": 1, "maxReplicas": 5, "gpuConfig": {}},
    "enable_tool_calling": True,
    "enable_reasoning": True,
    "tool_calling_parser_type": "pythonic",
    "reasoning_parser_type": "deepseek_r1",
    "chat_template": "own",
    "supports_lora": True,
    "supports_pipeline_parallelism": False,
}

CREATE = (
    _CREATE,
    replace(
        _CREATE,
        path="on dedicated hardware: a configuration is looked for first",
        params=_LOCAL,
        exchanges=(
            _MODEL,
            _simulate([{**_RECOMMENDATION, "cluster_id": "other", "chat_template": "x"}, _RECOMMENDATION]),
            _deploy(cluster_id=CLUSTER, **_RECOMMENDED),
        ),
        told=(),
    ),
    replace(
        _CREATE,
        path="with settings of the engine: none is looked for",
        params=_EVERYTHING,
        exchanges=(_deploy(**_EVERYTHING_SENT),),
        told=(),
    ),
    replace(
        _CREATE,
        path="params count more than what is recommended",
        params={**_LOCAL, "chat_template": "own", "supports_lora": True},
        exchanges=(
            _MODEL,
            _simulate([_RECOMMENDATION]),
            _deploy(cluster_id=CLUSTER, **{**_RECOMMENDED, "chat_template": "own", "supports_lora": True}),
        ),
        told=(),
    ),
    replace(
        _CREATE,
        path="on shared hardware: goes on without a configuration",
        params={**_LOCAL, "hardware_mode": "shared"},
        exchanges=(
            _MODEL,
            _simulate([], hardware_mode="shared"),
            _deploy(cluster_id=CLUSTER, hardware_mode="shared"),
        ),
        told=(),
    ),
    replace(
        _CREATE,
        path="on shared hardware: goes on when budsim breaks",
        params={**_LOCAL, "hardware_mode": "shared"},
        exchanges=(
            _MODEL,
            replace(_simulate([], hardware_mode="shared"), status=500),
            _deploy(cluster_id=CLUSTER, hardware_mode="shared"),
        ),
        told=(),
    ),
    replace(
        _CREATE_ENDS,
        path="on dedicated hardware: nothing is recommended",
        params=_LOCAL,
        exchanges=(_MODEL, _simulate([])),
        outputs=_not_deployed(f"{_UNFIT}: budsim recommends nothing on the cluster {CLUSTER}"),
        error=f"{_UNFIT}: budsim recommends nothing on the cluster {CLUSTER}",
        had_effect=False,
    ),
    replace(
        _CREATE_ENDS,
        path="the model has no files",
        params=_LOCAL,
        exchanges=(replace(_MODEL, answer={"model": {"id": MODEL}}),),
        outputs=_not_deployed(f"{_UNFIT}: budapp does not say where the files of the model {MODEL} are"),
        error=f"{_UNFIT}: budapp does not say where the files of the model {MODEL} are",
        had_effect=False,
    ),
    *failures(replace(_CREATE_ENDS, params=_LOCAL), _MODEL, _UNFIT, _not_deployed, only_reads=True),
    *failures(
        replace(_CREATE_ENDS, params=_LOCAL, exchanges=(_MODEL,)),
        _simulate([]),
        _UNFIT,
        _not_deployed,
        only_reads=True,
    ),
    *failures(_CREATE_ENDS, _deploy(credential_id=CREDENTIAL), "Failed to start the deployment", _not_deployed),
    replace(
        _CREATE_ENDS,
        path="no workflow is named",
        exchanges=(_deploy({"status": "in_progress"}, credential_id=CREDENTIAL),),
        outputs=_not_deployed("Failed to start the deployment: No workflow_id returned from budapp"),
        error="Failed to start the deployment: No workflow_id returned from budapp",
        had_effect=True,
    ),
    *(
        replace(
            _CREATE_ENDS,
            path=f"the workflow's id {what}",
            exchanges=(_deploy({"workflow_id": workflow_id}, credential_id=CREDENTIAL),),
            outputs=_not_deployed(_ODD_WORKFLOW),
            error=_ODD_WORKFLOW,
            had_effect=True,
        )
        for what, workflow_id in (("is too long", "x" * 501), ("has NUL", "a\x00b"), ("has half a pair", "a\ud800b"))
    ),
    replace(
        _CREATE_ENDS,
        path="done at once",
        exchanges=(
            _deploy({"workflow_id": "wf-1", "status": "completed", "workflow_steps": {}}, credential_id=CREDENTIAL),
            _LOOKED_UP,
        ),
        outputs=_DEPLOYED,
    ),
    replace(
        _CREATE_ENDS,
        path="done at once, and the endpoint is named",
        exchanges=(_deploy({"data": {"status": "completed", "workflow_steps": _PLACE}}, credential_id=CREDENTIAL),),
        outputs={**_DEPLOYED, "workflow_id": None},
    ),
    *(
        replace(
            _CREATE_ENDS,
            path=f"done at once, and the endpoint {what}",
            exchanges=(_deploy({**_STARTED, "status": "completed"}, credential_id=CREDENTIAL), looked_up),
            outputs=_not_deployed(f"The model was deployed, but its endpoint could not be found out: {why}", "wf-1"),
            error=f"The model was deployed, but its endpoint could not be found out: {why}",
            had_effect=True,
        )
        for what, looked_up, why in (
            (
                "is not there",
                _EMPTY_LOOK,
                _NO_ENDPOINT,
            ),
            (
                "may not be seen",
                _REFUSED_LOOK,
                "budapp answered 403: not yours",
            ),
        )
    ),
    replace(
        _CREATE_POLL,
        path="polled while it goes on",
        exchanges=(_GOES_ON,),
    ),
    replace(
        _CREATE_POLL,
        path="polled when it has ended",
        exchanges=(_budapp("GET", "workflows/wf-1", answer={**_STARTED, "status": "completed"}), _LOOKED_UP),
        outputs=_DEPLOYED,
    ),
    *(
        replace(
            _CREATE_POLL,
            path=f"polled when it has ended, and the endpoint {what}",
            exchanges=(
                _budapp("GET", "workflows/wf-1", answer={"status": "completed", "workflow_steps": steps}),
                look,
            ),
            outputs=outputs,
        )
        for what, steps, look, outputs in (
            ("is not there", {}, _EMPTY_LOOK, _deployed_without("endpoint", _NO_ENDPOINT, None)),
            (
                "may not be seen",
                {},
                _REFUSED_LOOK,
                _deployed_without("endpoint", "budapp answered 403: not yours", None),
            ),
            (
                "has no address",
                {"endpoint_id": ENDPOINT},
                _REFUSED_LOOK,
                _deployed_without("address", "budapp answered 403: not yours", ENDPOINT),
            ),
        )
    ),
    _ended(
        _CREATE_POLL,
        "polled when it has failed",
        {"status": "failed", "reason": "No GPU"},
        _not_deployed("No GPU", "wf-1"),
        "No GPU",
    ),
    _CREATE_CLEANUP,
    replace(
        _CREATE_CLEANUP,
        path="there is nothing to cancel any more",
        exchanges=(_GOES_ON, replace(_CANCEL, status=400, answer={"message": "The workflow is not in progress"})),
    ),
    replace(
        _CREATE_CLEANUP,
        path="cancels a workflow whose state cannot be read",
        exchanges=(replace(_GOES_ON, status=404, answer={"message": "Not Found"}), _CANCEL),
    ),
    *(
        replace(
            _CREATE_CLEANUP,
            path=f"leaves a workflow that is {status}",
            exchanges=(replace(_GOES_ON, answer={**_STARTED, "status": status}),),
        )
        for status in ("completed", "failed", "cancelled")
    ),
    replace(_CREATE_CLEANUP, path="there never was anything to cancel", context={"step_outputs": {}}, exchanges=()),
)

ROWS: tuple[Row, ...] = (*RATELIMIT, *SCALE, *AUTOSCALE, *DELETE, *CREATE)
