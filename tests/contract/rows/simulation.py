"""Actions of the folder simulation."""

from dataclasses import replace
from typing import Any

from tests.contract.rows.failures import failures
from tests.contract.rows.notices import IGNORED, completes, eta, fails, notice, progress
from tests.contract.table import TOPIC, USER, Exchange, Row, Told

MODEL = "8b1f0d52-6c1f-4d0a-9f3e-2a6f9d1c7e05"
CLUSTER = "3f0f7c3a-91a6-4f57-8a5e-0c9d1e2b7f64"
ACTIVITY = "get_cluster_recommendations"
NOTHING_FOUND = "The simulation found nothing that meets the targets"

_PARAMS = {"model_id": MODEL, "target_ttft": 200, "target_throughput_per_user": 20, "target_e2e_latency": 30}
_BODY = {
    "pretrained_model_uri": "models/llama",
    "model_uri": "meta/llama",
    "input_tokens": 4096,
    "output_tokens": 512,
    "concurrency": 1,
    "target_ttft": 200,
    "target_throughput_per_user": 20,
    "target_e2e_latency": 30,
    "is_proprietary_model": False,
    "hardware_mode": "dedicated",
    "is_quantization": False,
    "debug": False,
    "source_topic": TOPIC,
}


def _model(answer: Any) -> Exchange:
    return Exchange(service="budapp", method="GET", path=f"models/{MODEL}", query={"user_id": USER}, answer=answer)


def _run(answer: Any = None, **body: Any) -> Exchange:
    answer = {"workflow_id": "wf-1", "status": "PENDING"} if answer is None else answer
    return Exchange(service="budsim", method="POST", path="simulator/run", body={**_BODY, **body}, answer=answer)


def _told(phase: str, status: str, message: str = "", **content: Any) -> dict[str, Any]:
    return {**notice(ACTIVITY, phase, status, message, **content), "type": ACTIVITY, "source": "budsim"}


_LLAMA = _model({"model": {"id": MODEL, "local_path": "models/llama", "uri": "meta/llama"}})
_METRICS = {
    "ttft": 120.5,
    "throughput_per_user": 25,
    "e2e_latency": 12,
    "error_rate": 0.1,
    "cost_per_million_tokens": 0.4,
}
_BEST = {
    "cluster_id": CLUSTER,
    "metrics": {**_METRICS, "replica": 2},
    "tool_calling_parser_type": "hermes",
    "reasoning_parser_type": "deepseek_r1",
    "chat_template": "chatml",
    "supports_lora": True,
    "supports_pipeline_parallelism": False,
}
_NEXT = {"cluster_id": "other", "metrics": {"ttft": 150}}
_RUNNING = {
    "success": False,
    "workflow_id": "wf-1",
    "status": "running",
    "recommendations": None,
    "top_recommendation": None,
    "cluster_id": None,
    "metrics": None,
    "tool_calling_parser_type": None,
    "reasoning_parser_type": None,
    "chat_template": None,
    "supports_lora": None,
    "supports_pipeline_parallelism": None,
    "message": "budsim simulates the model",
}
_FOUND = {
    **_RUNNING,
    "success": True,
    "status": "completed",
    "recommendations": [_BEST, _NEXT],
    "top_recommendation": _BEST,
    "cluster_id": CLUSTER,
    "metrics": _METRICS,
    "tool_calling_parser_type": "hermes",
    "reasoning_parser_type": "deepseek_r1",
    "chat_template": "chatml",
    "supports_lora": True,
    "supports_pipeline_parallelism": False,
    "message": "Recommendations: 2",
}
_FOUND_LESS = {
    **_RUNNING,
    "success": True,
    "status": "completed",
    "recommendations": [_NEXT],
    "top_recommendation": _NEXT,
    "cluster_id": "other",
    "metrics": {**dict.fromkeys(_METRICS), "ttft": 150},
    "message": "Recommendations: 1",
}


def _failed(message: str, workflow_id: str | None = None, **more: Any) -> dict[str, Any]:
    return {**_RUNNING, "workflow_id": workflow_id, "status": "failed", "message": message, **more}


_SIMULATE = Row(
    action="simulation_run",
    path="waits for recommendations",
    params=_PARAMS,
    exchanges=(_LLAMA, _run()),
    outputs=_RUNNING,
    awaits=("wf-1",),
    timeout_seconds=1800,
    told=(
        *(
            Told(event=_told(phase, status), means=progress(percent))
            for phase, started in (
                ("validation", 10),
                ("hardware_selection", 25),
                ("engine_configuration", 50),
                ("performance_estimation", 75),
                ("ranking", 90),
            )
            for status, percent in (("STARTED", started), ("COMPLETED", started + 5))
        ),
        Told(event=_told("eta", "RUNNING", "12"), means=eta(12)),
        Told(event=_told("workflow_metadata", "COMPLETED"), means=IGNORED),
        Told(event=_told("ranking", "RUNNING"), means=IGNORED),
        Told(event=_told("results", "STARTED"), means=IGNORED),
        Told(
            event=_told("results", "COMPLETED", result={"recommendations": [_BEST, _NEXT]}),
            means=completes(_FOUND),
        ),
        Told(event=_told("results", "COMPLETED", result={"recommendations": [_NEXT]}), means=completes(_FOUND_LESS)),
        Told(
            event=_told("results", "COMPLETED", result={"recommendations": []}),
            means=fails(NOTHING_FOUND, _failed(NOTHING_FOUND, "wf-1", recommendations=[])),
        ),
        Told(
            event=_told("validation", "FAILED", "No such model"),
            means=fails("No such model", _failed("No such model", "wf-1")),
        ),
        Told(
            event=_told("results", "FAILED"),
            means=fails("budsim could not simulate the model", _failed("budsim could not simulate the model", "wf-1")),
        ),
        Told(event={"type": "anything"}, means=IGNORED),
    ),
)
_ENDS = replace(_SIMULATE, exchanges=(), awaits=None, timeout_seconds=None, told=())


def _recommendations(answer: Any) -> Exchange:
    query = {"workflow_id": "wf-1", "limit": "100"}
    return Exchange(service="budsim", method="GET", path="simulator/recommendations", query=query, answer=answer)


_POLL = replace(
    _ENDS,
    path="polled while it goes on",
    exchanges=(_recommendations({"workflow_id": "wf-1", "recommendations": []}),),
    method="poll",
    context={"step_outputs": {"step": _RUNNING}},
    outputs=None,
)

ROWS: tuple[Row, ...] = (
    _SIMULATE,
    replace(
        _SIMULATE,
        path="with all that can be said",
        params={
            **_PARAMS,
            "input_tokens": 10,
            "output_tokens": 20,
            "concurrency": 30,
            "cluster_id": CLUSTER,
            "simulation_method": "heuristic",
            "hardware_mode": "shared",
            "model_endpoints": "LLM",
            "model_max_context_length": 8192,
            "is_quantization": True,
            "quantization_method": "awq",
            "quantization_type": "int4",
            "max_wait_seconds": 60,
        },
        exchanges=(
            _LLAMA,
            _run(
                input_tokens=10,
                output_tokens=20,
                concurrency=30,
                cluster_id=CLUSTER,
                simulation_method="heuristic",
                hardware_mode="shared",
                model_endpoints="LLM",
                model_max_context_length=8192,
                is_quantization=True,
                quantization_method="awq",
                quantization_type="int4",
            ),
        ),
        timeout_seconds=60,
        told=(),
    ),
    replace(
        _SIMULATE,
        path="the model has a URI only",
        exchanges=(_model({"uri": "meta/llama"}), _run(pretrained_model_uri="meta/llama")),
        told=(),
    ),
    replace(
        _ENDS,
        path="the model has no files",
        exchanges=(_model({"model": {"id": MODEL}}),),
        outputs=_failed(f"Failed to find the model: budapp does not say where the files of the model {MODEL} are"),
        error=f"Failed to find the model: budapp does not say where the files of the model {MODEL} are",
        had_effect=False,
    ),
    replace(
        _ENDS,
        path="no workflow is named",
        exchanges=(_LLAMA, _run({})),
        outputs=_failed("Failed to start the simulation: No workflow_id returned from budsim"),
        error="Failed to start the simulation: No workflow_id returned from budsim",
        had_effect=True,
    ),
    *failures(_ENDS, _LLAMA, "Failed to find the model", _failed, only_reads=True),
    *failures(replace(_ENDS, exchanges=(_LLAMA,)), _run(), "Failed to start the simulation", _failed),
    _POLL,
    replace(
        _POLL,
        path="polled when it has ended",
        exchanges=(_recommendations({"workflow_id": "wf-1", "recommendations": [_BEST, _NEXT]}),),
        outputs=_FOUND,
    ),
)
