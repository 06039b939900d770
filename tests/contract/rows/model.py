"""Actions of the folder model."""

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

MODEL, PROVIDER = "8b1f0d52-6c1f-4d0a-9f3e-2a6f9d1c7e05", "0f6b1c9e-3a54-4a8e-8a0d-51f7c2be7d13"
CLUSTER, BUD_CLUSTER = "3f0f7c3a-91a6-4f57-8a5e-0c9d1e2b7f64", "5a1c2e44-0b7d-4c58-9a3f-6f2f1d0e7c11"
AS_USER = {"user_id": USER}
NOT_REACHED = "budapp cannot be reached: All connection attempts failed"
START = {"workflow_total_steps": 1, "step_number": 1, "trigger_workflow": True}


def budapp(
    method: str, path: str, body: Any = None, *, query: Mapping[str, str] | None = None, **more: Any
) -> Exchange:
    """Return a call to budapp for the user."""
    return Exchange(
        service="budapp",
        method=method,
        path=path,
        body=body,
        query={**(query or {}), **AS_USER},
        headers={"x-user-id": USER, "idempotency-key": "e/s"},
        **more,
    )


def workflow(status: str, reason: str | None = None, **steps: Any) -> Exchange:
    """Return a look at a workflow."""
    answer = {"workflow_id": "wf-1", "status": status, "reason": reason, "workflow_steps": steps, "code": 200}
    return budapp("GET", "workflows/wf-1", answer=answer)


# model_add

ADD = {"huggingface_id": "meta-llama/Llama-2-7b-hf"}
ADD_BODY = {
    **START,
    "provider_type": "hugging_face",
    "name": "Llama-2-7b-hf",
    "uri": "meta-llama/Llama-2-7b-hf",
    "description": None,
    "author": None,
    "callback_topic": TOPIC,
}
ADDING = {
    "success": False,
    "model_id": None,
    "model_name": "Llama-2-7b-hf",
    "workflow_id": "wf-1",
    "status": "running",
    "message": "budapp adds Llama-2-7b-hf",
}
ADDED = {
    **ADDING,
    "success": True,
    "model_id": MODEL,
    "status": "completed",
    "message": "Llama-2-7b-hf was added",
}
EXTRACTION = "perform_model_extraction"


def start_adding(body: Mapping[str, Any] = ADD_BODY, **more: Any) -> Exchange:
    """Return the call that starts to add a model."""
    return budapp("POST", "models/local-model-workflow", body, **more)


def not_added(message: str, **known: Any) -> dict[str, Any]:
    """Return the outputs of a model that was not added."""
    return {**ADDING, "workflow_id": None, **known, "status": "failed", "message": message}


def add_fails(path: str, error: str, had_effect: bool, *exchanges: Exchange, **more: Any) -> Row:
    """Return a path on which the workflow does not start."""
    error = f"Failed to start model workflow: {error}"
    return Row(
        action="model_add",
        path=path,
        params=ADD,
        exchanges=exchanges,
        error=error,
        outputs=not_added(error),
        had_effect=had_effect,
        **more,
    )


def add_polled(path: str, *exchanges: Exchange, **more: Any) -> Row:
    """Return a look at the workflow before the wait times out."""
    return Row(
        action="model_add",
        path=path,
        params=ADD,
        method="poll",
        context={"step_outputs": {"step": ADDING}},
        exchanges=exchanges,
        **more,
    )


MODEL_ADD = (
    Row(
        action="model_add",
        path="a model from HuggingFace is waited for",
        params=ADD,
        exchanges=(start_adding(answer={"code": 200, "workflow_id": "wf-1"}),),
        outputs=ADDING,
        awaits=("wf-1",),
        timeout_seconds=86400,
        told=(
            Told(
                event=notice(EXTRACTION, "results", "COMPLETED", result={"model_id": MODEL}),
                means=completes(ADDED),
            ),
            Told(
                event=notice(EXTRACTION, "save_model", "COMPLETED", result={"model_id": MODEL, "model_name": "Llama"}),
                means=completes({**ADDED, "model_name": "Llama", "message": "Llama was added"}),
            ),
            Told(
                event={
                    "type": "model_extraction",
                    "payload": {
                        "event": "results",
                        "workflow_id": "wf-1",
                        "content": {"status": "COMPLETED", "result": {"model_id": MODEL}},
                    },
                },
                means=completes(ADDED),
            ),
            Told(
                event=in_envelope(notice(EXTRACTION, "results", "COMPLETED", result={"model_id": MODEL})),
                means=completes(ADDED),
            ),
            Told(event=workflow_completed("COMPLETED", {"model_id": MODEL}), means=completes(ADDED)),
            Told(
                event={"type": "workflow_completed", "workflow_id": "wf-1", "status": "COMPLETED", "model_id": MODEL},
                means=completes(ADDED),
            ),
            Told(
                event=notice(EXTRACTION, "results", "COMPLETED"),
                means=completes(ADDED),
                exchanges=(workflow("completed", model_id=MODEL),),
            ),
            Told(
                event=notice(EXTRACTION, "results", "COMPLETED"),
                means=completes({**ADDED, "model_id": None}),
                exchanges=(workflow("completed"),),
            ),
            Told(
                event=notice(EXTRACTION, "results", "COMPLETED", result={"model_name": "Llama"}),
                means=completes(
                    {
                        **ADDED,
                        "model_id": None,
                        "model_name": "Llama",
                        "message": "Llama was added, but its id could not be found out: budapp answered 404: Not Found",
                    }
                ),
                exchanges=(budapp("GET", "workflows/wf-1", status=404, answer={"detail": "Not Found"}),),
            ),
            Told(
                event=notice(EXTRACTION, "model_download", "FAILED", "No space left"),
                means=fails("No space left", not_added("No space left", workflow_id="wf-1")),
            ),
            Told(
                event=notice(EXTRACTION, "results", "FAILED"),
                means=fails(
                    "budapp could not add the model",
                    not_added("budapp could not add the model", workflow_id="wf-1"),
                ),
            ),
            Told(
                event=workflow_completed("FAILED", reason="The licence was not accepted"),
                means=fails(
                    "The licence was not accepted", not_added("The licence was not accepted", workflow_id="wf-1")
                ),
            ),
            Told(event=notice(EXTRACTION, "eta", "RUNNING", "12"), means=eta(12)),
            Told(event=notice(EXTRACTION, "eta", "RUNNING", "soon"), means=IGNORED),
            Told(event=notice(EXTRACTION, "model_download", "COMPLETED"), means=IGNORED),
            Told(event=notice("security_scan", "results", "COMPLETED"), means=IGNORED),
            Told(event=notice("security_scan", "results", "FAILED", "Unsafe"), means=IGNORED),
            Told(event={"type": "model.onboarded", "workflow_id": "wf-1"}, means=IGNORED),
        ),
    ),
    Row(
        action="model_add",
        path="a gated model, with what is known of it",
        params={
            "model_uri": "acme/secret-1b",
            "credential_id": "5d2f6a0e-7c1b-4f0e-9a57-2b8f3c6d1e40",
            "model_name": "Secret",
            "description": "For tests",
            "author": "Acme",
            "max_wait_seconds": 600,
        },
        exchanges=(
            start_adding(
                {
                    **ADD_BODY,
                    "name": "Secret",
                    "uri": "acme/secret-1b",
                    "description": "For tests",
                    "author": "Acme",
                    "proprietary_credential_id": "5d2f6a0e-7c1b-4f0e-9a57-2b8f3c6d1e40",
                },
                answer={"data": {"workflow_id": "wf-1"}},
            ),
        ),
        outputs={**ADDING, "model_name": "Secret", "message": "budapp adds Secret"},
        awaits=("wf-1",),
        timeout_seconds=600,
    ),
    Row(
        action="model_add",
        path="a model at an address is named after its file",
        params={"model_source": "url", "model_uri": "https://models.example.com/small.tar.gz?version=2"},
        exchanges=(
            start_adding(
                {
                    **ADD_BODY,
                    "provider_type": "url",
                    "name": "small.tar.gz",
                    "uri": "https://models.example.com/small.tar.gz?version=2",
                },
                answer={"workflow_id": "wf-1"},
            ),
        ),
        outputs={**ADDING, "model_name": "small.tar.gz", "message": "budapp adds small.tar.gz"},
        awaits=("wf-1",),
        timeout_seconds=86400,
    ),
    Row(
        action="model_add",
        path="a model on disk",
        params={"model_source": "disk", "model_uri": "/models/small/"},
        exchanges=(
            start_adding(
                {**ADD_BODY, "provider_type": "disk", "name": "small", "uri": "/models/small/"},
                answer={"workflow_id": "wf-1"},
            ),
        ),
        outputs={**ADDING, "model_name": "small", "message": "budapp adds small"},
        awaits=("wf-1",),
        timeout_seconds=86400,
    ),
    add_fails(
        "budapp starts no workflow", "No workflow_id returned from budapp", True, start_adding(answer={"code": 200})
    ),
    add_fails(
        "budapp refuses",
        "budapp answered 409: It exists",
        False,
        start_adding(status=409, answer={"detail": "It exists"}),
    ),
    add_fails(
        "budapp refuses in the body of its answer",
        "budapp answered 400: It exists",
        False,
        start_adding(answer={"code": 400, "message": "It exists"}),
    ),
    add_fails("budapp fails", "budapp answered 500: Oops", True, start_adding(status=500, answer={"message": "Oops"})),
    add_fails("budapp cannot be reached", NOT_REACHED, False, unreachable=("budapp",)),
    add_fails(
        "budapp does not answer",
        "budapp did not answer within 0.5 seconds",
        True,
        start_adding(seconds=1),
        patience=0.5,
    ),
    add_polled("the workflow has completed", workflow("completed", model_id=MODEL), outputs=ADDED),
    add_polled(
        "the workflow has failed",
        workflow("failed", "No space left"),
        outputs=not_added("No space left", workflow_id="wf-1"),
        error="No space left",
    ),
    add_polled("the workflow goes on", workflow("in_progress")),
    Row(
        action="model_add",
        path="the workflow is given up",
        params=ADD,
        method="cleanup",
        context={"step_outputs": {"step": ADDING}},
        exchanges=(workflow("in_progress"), budapp("DELETE", "workflows/wf-1", answer={"code": 200})),
    ),
    Row(
        action="model_add",
        path="the workflow ends while it is given up",
        params=ADD,
        method="cleanup",
        context={"step_outputs": {"step": ADDING}},
        exchanges=(
            workflow("in_progress"),
            budapp("DELETE", "workflows/wf-1", status=404, answer={"message": "Workflow not found"}),
        ),
    ),
    Row(
        action="model_add",
        path="the workflow has ended before it is given up",
        params=ADD,
        method="cleanup",
        context={"step_outputs": {"step": ADDING}},
        exchanges=(workflow("failed", "No space left"),),
    ),
    Row(action="model_add", path="no workflow is known that could be given up", params=ADD, method="cleanup"),
)

# cloud_model_add

CLOUD = {"provider_id": PROVIDER, "model_name": "gpt-4o-mini", "model_uri": "gpt-4o-mini"}
CLOUD_BODY = {
    **START,
    "provider_type": "cloud_model",
    "provider_id": PROVIDER,
    "cloud_model_id": None,
    "name": "gpt-4o-mini",
    "uri": "gpt-4o-mini",
    "tags": [],
    "modality": ["text_input", "text_output"],
}
CLOUD_ADDED = {
    "success": True,
    "model_id": MODEL,
    "model_name": "gpt-4o-mini",
    "provider_id": PROVIDER,
    "workflow_id": "wf-1",
    "status": "completed",
    "message": "gpt-4o-mini was added",
}


def add_cloud(body: Mapping[str, Any] = CLOUD_BODY, **more: Any) -> Exchange:
    """Return the call that adds a cloud model."""
    return budapp("POST", "models/cloud-model-workflow", body, **more)


def cloud_added(path: str, answer: Mapping[str, Any], **known: Any) -> Row:
    """Return a path on which a cloud model is added."""
    return Row(
        action="cloud_model_add",
        path=path,
        params=CLOUD,
        exchanges=(add_cloud(answer=answer),),
        outputs={**CLOUD_ADDED, **known},
    )


def cloud_fails(path: str, error: str, had_effect: bool, *exchanges: Exchange, **more: Any) -> Row:
    """Return a path on which a cloud model is not added."""
    error = f"Failed to add cloud model: {error}"
    known = {"success": False, "model_id": None, "status": "failed", "message": error}
    workflow_id = more.pop("workflow_id", None)
    return Row(
        action="cloud_model_add",
        path=path,
        params=CLOUD,
        exchanges=exchanges,
        error=error,
        outputs={**CLOUD_ADDED, **known, "workflow_id": workflow_id},
        had_effect=had_effect,
        **more,
    )


CLOUD_MODEL_ADD = (
    cloud_added("the id is among the workflow's steps", {"workflow_id": "wf-1", "workflow_steps": {"model_id": MODEL}}),
    cloud_added("the id is in the data", {"data": {"workflow_id": "wf-1", "model_id": MODEL}}),
    cloud_added("the id is in the answer itself", {"workflow_id": "wf-1", "model_id": MODEL}),
    cloud_added("the data is the model", {"workflow_id": "wf-1", "data": {"id": MODEL}}),
    cloud_added(
        "the workflow has completed and does not say the id",
        {"workflow_id": "wf-1", "status": "completed"},
        model_id=None,
    ),
    Row(
        action="cloud_model_add",
        path="a model that the repository knows",
        params={"provider_id": PROVIDER, "cloud_model_id": CLUSTER, "model_name": "Mini"},
        exchanges=(
            add_cloud(
                {**CLOUD_BODY, "cloud_model_id": CLUSTER, "name": "Mini", "uri": None}, answer={"model_id": MODEL}
            ),
        ),
        outputs={**CLOUD_ADDED, "workflow_id": None, "model_name": "Mini", "message": "Mini was added"},
    ),
    cloud_fails(
        "budapp names no model",
        "No model_id returned from cloud-model-workflow",
        True,
        add_cloud(answer={"workflow_id": "wf-1", "status": "in_progress"}),
        workflow_id="wf-1",
    ),
    cloud_fails(
        "the workflow fails",
        "The key was refused",
        True,
        add_cloud(answer={"workflow_id": "wf-1", "status": "failed", "reason": "The key was refused"}),
        workflow_id="wf-1",
    ),
    cloud_fails(
        "budapp refuses", "budapp answered 422: No name", False, add_cloud(status=422, answer={"detail": "No name"})
    ),
    cloud_fails("budapp fails", "budapp answered 503: Later", True, add_cloud(status=503, answer={"message": "Later"})),
    cloud_fails("budapp cannot be reached", NOT_REACHED, False, unreachable=("budapp",)),
    cloud_fails(
        "budapp does not answer", "budapp did not answer within 0.5 seconds", True, add_cloud(seconds=1), patience=0.5
    ),
)

# model_delete

DELETE = {"model_id": MODEL}
DELETED = {"success": True, "model_id": MODEL, "message": "The model was deleted"}


def delete_model(force: str = "false", **more: Any) -> Exchange:
    """Return the call that deletes a model."""
    return budapp("DELETE", f"models/{MODEL}", query={"force": force}, **more)


def delete_fails(path: str, error: str, had_effect: bool, *exchanges: Exchange, **more: Any) -> Row:
    """Return a path on which a model is not deleted."""
    error = f"Failed to delete model: {error}"
    return Row(
        action="model_delete",
        path=path,
        params=DELETE,
        exchanges=exchanges,
        error=error,
        outputs={"success": False, "model_id": MODEL, "message": error},
        had_effect=had_effect,
        **more,
    )


MODEL_DELETE = (
    Row(
        action="model_delete",
        path="the model is deleted",
        params=DELETE,
        exchanges=(delete_model(answer={"code": 200, "message": "Deleted"}),),
        outputs=DELETED,
    ),
    Row(
        action="model_delete",
        path="the model is deleted even if it is used",
        params={**DELETE, "force": True},
        exchanges=(delete_model("true"),),
        outputs=DELETED,
    ),
    Row(
        action="model_delete",
        path="an earlier attempt has deleted the model",
        params=DELETE,
        context={"attempt": 2},
        exchanges=(delete_model(status=404, answer={"detail": "No such model"}),),
        outputs=DELETED,
    ),
    delete_fails(
        "there is no such model",
        "budapp answered 404: No such model",
        False,
        delete_model(status=404, answer={"detail": "No such model"}),
    ),
    delete_fails(
        "the model is used",
        "budapp answered 400: In use",
        False,
        delete_model(status=400, answer={"message": "In use"}),
    ),
    delete_fails("budapp fails", "budapp answered 500: Oops", True, delete_model(status=500, answer={"error": "Oops"})),
    delete_fails("budapp cannot be reached", NOT_REACHED, False, unreachable=("budapp",)),
    delete_fails(
        "budapp does not answer",
        "budapp did not answer within 0.5 seconds",
        True,
        delete_model(seconds=1),
        patience=0.5,
    ),
    Row(
        action="model_delete",
        path="an id that would lead elsewhere",
        params={"model_id": ".."},
        error="Failed to delete model: '..' is not an id: give the id of something that exists",
        outputs={
            "success": False,
            "model_id": "..",
            "message": "Failed to delete model: '..' is not an id: give the id of something that exists",
        },
        had_effect=False,
    ),
)

# model_benchmark

BENCHMARK = {"model_id": MODEL, "cluster_id": CLUSTER}
CUDA = {"type": "cuda", "available_count": 4}
NODES = [
    {"name": "node-1", "type": "gpu", "total_workers": 4, "available_workers": 3, "hardware_info": [CUDA]},
    {
        "name": "node-2",
        "type": "cpu",
        "total_workers": 2,
        "available_workers": 2,
        "hardware_info": [{"type": "CPU", "available_count": 16}, {"type": "hpu", "available_count": 0}],
    },
]
CONFIGURATIONS = [
    {"device_type": "cpu", "tp_pp_options": [{"tp_size": 1, "pp_size": 1, "max_replicas": 2}]},
    {
        "device_type": "cuda",
        "tp_pp_options": [
            {"tp_size": 1, "pp_size": 1, "max_replicas": 4},
            {"tp_size": 2, "pp_size": 1, "max_replicas": 2},
        ],
    },
]
BENCHMARK_BODY = {
    **START,
    "model_id": MODEL,
    "cluster_id": CLUSTER,
    "bud_cluster_id": BUD_CLUSTER,
    "nodes": [{"hostname": each["name"], **{key: each[key] for key in each if key != "name"}} for each in NODES],
    "name": "auto-benchmark",
    "tags": [],
    "description": "Benchmark auto-benchmark of a pipeline",
    "eval_with": "configuration",
    "concurrent_requests": 1,
    "max_input_tokens": 1024,
    "max_output_tokens": 512,
    "hardware_mode": "dedicated",
    "selected_device_type": "cuda",
    "tp_size": 1,
    "pp_size": 1,
    "replicas": 4,
    "num_prompts": 10,
    "user_confirmation": True,
    "run_as_simulation": False,
    "callback_topic": TOPIC,
}
CONFIGURATIONS_BODY = {
    "model_id": MODEL,
    "cluster_id": CLUSTER,
    "hostnames": ["node-1", "node-2"],
    "hardware_mode": "dedicated",
    "input_tokens": 1024,
    "output_tokens": 512,
    "concurrency": 1,
}
FIND = budapp("GET", f"clusters/{CLUSTER}", answer={"cluster": {"id": CLUSTER, "cluster_id": BUD_CLUSTER}})
NOT_FOUND = budapp("GET", f"clusters/{BUD_CLUSTER}", status=404, answer={"message": "Cluster not found"})


def listed(*clusters: Mapping[str, str]) -> Exchange:
    """Return the call that lists clusters."""
    return budapp("GET", "clusters/clusters", query={"limit": "100"}, answer={"clusters": list(clusters)})


def look_at_nodes(nodes: list[Any], **more: Any) -> Exchange:
    """Return the call that asks for a cluster's nodes."""
    path = f"cluster/{BUD_CLUSTER}/nodes"
    return Exchange(service="budcluster", method="GET", path=path, answer={"param": {"nodes": nodes}}, **more)


def configure(configurations: list[Any] = CONFIGURATIONS, **more: Any) -> Exchange:
    """Return the call that asks how the model can be spread."""
    answer = {"device_configurations": configurations}
    return budapp("POST", "benchmark/node-configurations", CONFIGURATIONS_BODY, **{"answer": answer, **more})


def run_benchmark(changes: Mapping[str, Any] | None = None, **more: Any) -> Exchange:
    """Return the call that starts a benchmark."""
    body = {**BENCHMARK_BODY, **(changes or {})}
    return budapp("POST", "benchmark/run-workflow", body, **{"answer": {"workflow_id": "wf-1"}, **more})


BENCHMARKING = {
    "success": False,
    "benchmark_id": None,
    "workflow_id": "wf-1",
    "status": "running",
    "results": None,
    "failed_step": None,
    "message": "auto-benchmark runs on cuda",
}
MEASURED: dict[str, Any] = {"benchmark_id": "b-1", "output_token_throughput": 512.5}
BENCHMARKED = {
    **BENCHMARKING,
    "success": True,
    "benchmark_id": "b-1",
    "status": "completed",
    "results": MEASURED,
    "message": "The benchmark is complete",
}


def not_benchmarked(message: str, **known: Any) -> dict[str, Any]:
    """Return the outputs of a benchmark that failed."""
    return {**BENCHMARKING, "workflow_id": None, **known, "status": "failed", "message": message}


def benchmarking(path: str, *exchanges: Exchange, message: str = "auto-benchmark runs on cuda", **params: Any) -> Row:
    """Return a path on which a benchmark starts."""
    return Row(
        action="model_benchmark",
        path=path,
        params={**BENCHMARK, **params},
        exchanges=exchanges,
        outputs={**BENCHMARKING, "message": message},
        awaits=("wf-1",),
        timeout_seconds=1200,
    )


def benchmark_fails(
    path: str,
    error: str,
    *exchanges: Exchange,
    had_effect: bool = False,
    row: Mapping[str, Any] | None = None,
    **params: Any,
) -> Row:
    """Return a path on which a benchmark does not start."""
    return Row(
        action="model_benchmark",
        path=path,
        params={**BENCHMARK, **params},
        exchanges=exchanges,
        error=error,
        outputs=not_benchmarked(error),
        had_effect=had_effect,
        **(row or {}),
    )


def benchmark_polled(path: str, *exchanges: Exchange, **more: Any) -> Row:
    """Return a look at the workflow before the wait times out."""
    context = {"step_outputs": {"step": BENCHMARKING}}
    return Row(
        action="model_benchmark",
        path=path,
        params=BENCHMARK,
        method="poll",
        context=context,
        exchanges=exchanges,
        **more,
    )


CANNOT_LOOK = "The cluster cannot be looked at"
CANNOT_START = "Failed to start benchmark workflow"
BENCHMARKS = "performance_benchmark"
MODEL_BENCHMARK = (
    Row(
        action="model_benchmark",
        path="a benchmark on what fits best is waited for",
        params=BENCHMARK,
        exchanges=(FIND, look_at_nodes(NODES), configure(), run_benchmark()),
        outputs=BENCHMARKING,
        awaits=("wf-1",),
        timeout_seconds=1200,
        told=(
            Told(event=notice(BENCHMARKS, "results", "COMPLETED", result=MEASURED), means=completes(BENCHMARKED)),
            Told(event=notice(BENCHMARKS, "results", "completed", result=MEASURED), means=completes(BENCHMARKED)),
            Told(
                event={**notice("", "results", "COMPLETED", result=MEASURED), "type": BENCHMARKS},
                means=completes(BENCHMARKED),
            ),
            Told(event=workflow_completed("COMPLETED", MEASURED), means=completes(BENCHMARKED)),
            Told(
                event=notice(BENCHMARKS, "deploy_model", "FAILED", "No space left", title="Deploying"),
                means=fails(
                    "Deploying: No space left",
                    not_benchmarked("Deploying: No space left", workflow_id="wf-1", failed_step="deploy_model"),
                ),
            ),
            Told(
                event=notice(BENCHMARKS, "run_benchmark", "failed"),
                means=fails(
                    "The benchmark failed",
                    not_benchmarked("The benchmark failed", workflow_id="wf-1", failed_step="run_benchmark"),
                ),
            ),
            Told(
                event=workflow_completed("FAILED", reason="Stopped"),
                means=fails("Stopped", not_benchmarked("Stopped", workflow_id="wf-1")),
            ),
            Told(event=notice(BENCHMARKS, "eta", "RUNNING", "7"), means=eta(7)),
            Told(event=notice(BENCHMARKS, "deploy_model", "STARTED"), means=progress(20)),
            Told(event=notice(BENCHMARKS, "run_benchmark", "STARTED"), means=progress(50)),
            Told(event=notice(BENCHMARKS, "deploy_model", "COMPLETED"), means=IGNORED),
            Told(event=notice(BENCHMARKS, "verify_cluster_connection", "STARTED"), means=IGNORED),
        ),
    ),
    benchmarking(
        "a cluster by its id in budcluster",
        NOT_FOUND,
        listed({"id": "other", "cluster_id": "other"}, {"id": CLUSTER, "cluster_id": BUD_CLUSTER}),
        look_at_nodes(NODES),
        configure(),
        run_benchmark(),
        cluster_id=BUD_CLUSTER,
    ),
    benchmarking(
        "a kind of device, a spread and a prompt of one's own",
        FIND,
        look_at_nodes(NODES),
        configure(),
        run_benchmark({"tp_size": 2, "pp_size": 1, "replicas": 1, "prompt": "Hello", "prompt_tokens": 3}),
        selected_device_type="cuda",
        tp_size=2,
        pp_size=1,
        replicas=1,
        prompt="Hello",
        prompt_tokens=3,
    ),
    benchmarking(
        "another kind of device than the best",
        FIND,
        look_at_nodes(NODES),
        configure(),
        run_benchmark({"selected_device_type": "cpu", "replicas": 2}),
        selected_device_type="cpu",
        message="auto-benchmark runs on cpu",
    ),
    benchmarking(
        "nothing was worked out for the model: a device of the nodes",
        FIND,
        look_at_nodes(NODES),
        configure([]),
        run_benchmark({"replicas": 1}),
    ),
    benchmark_fails("the cluster has no nodes", f"No nodes found for cluster {CLUSTER}", FIND, look_at_nodes([])),
    benchmark_fails(
        "the nodes have no names",
        f"No valid hostnames found in cluster nodes for {CLUSTER}",
        FIND,
        look_at_nodes([{"type": "gpu"}]),
    ),
    benchmark_fails(
        "there is no device of that kind",
        "Device type 'hpu' not available; available: cpu, cuda",
        FIND,
        look_at_nodes(NODES),
        configure(),
        selected_device_type="hpu",
    ),
    benchmark_fails(
        "all devices of that kind are taken",
        "Device type 'hpu' not available; available: cuda, cpu",
        FIND,
        look_at_nodes(NODES),
        configure([]),
        selected_device_type="hpu",
    ),
    benchmark_fails(
        "the model cannot be spread like that",
        "TP=8,PP=2 not valid for cuda; valid: TP=1,PP=1, TP=2,PP=1",
        FIND,
        look_at_nodes(NODES),
        configure(),
        tp_size=8,
        pp_size=2,
    ),
    benchmark_fails(
        "all devices are taken",
        "No device of the cluster's nodes is available",
        FIND,
        look_at_nodes([{"name": "node-1"}, {"name": "node-2", "hardware_info": []}]),
        configure([]),
    ),
    benchmark_fails(
        "there is no such cluster",
        f"{CANNOT_LOOK}: there is no cluster with the id {BUD_CLUSTER}",
        NOT_FOUND,
        listed({"id": "other", "cluster_id": "other"}),
        cluster_id=BUD_CLUSTER,
    ),
    benchmark_fails(
        "the cluster is not ready",
        f"{CANNOT_LOOK}: budapp knows of no cluster in budcluster for {CLUSTER}",
        budapp("GET", f"clusters/{CLUSTER}", answer={"cluster": {"id": CLUSTER, "cluster_id": None}}),
    ),
    benchmark_fails(
        "budapp fails to find the cluster",
        f"{CANNOT_LOOK}: budapp answered 500: Oops",
        budapp("GET", f"clusters/{CLUSTER}", status=500, answer={"message": "Oops"}),
    ),
    benchmark_fails(
        "budcluster fails to look at the nodes",
        f"{CANNOT_LOOK}: budcluster answered 502: it gives no reason",
        FIND,
        Exchange(
            service="budcluster",
            method="GET",
            path=f"cluster/{BUD_CLUSTER}/nodes",
            status=502,
            answer={"detail": "it gives no reason"},
        ),
    ),
    benchmark_fails(
        "budcluster cannot be reached",
        f"{CANNOT_LOOK}: budcluster cannot be reached: All connection attempts failed",
        FIND,
        row={"unreachable": ("budcluster",)},
    ),
    benchmark_fails(
        "it is not worked out how the model can be spread",
        f"{CANNOT_LOOK}: budapp answered 400: Unknown model",
        FIND,
        look_at_nodes(NODES),
        configure(status=400, answer={"message": "Unknown model"}),
    ),
    benchmark_fails("budapp cannot be reached", f"{CANNOT_LOOK}: {NOT_REACHED}", row={"unreachable": ("budapp",)}),
    benchmark_fails(
        "budapp does not answer",
        f"{CANNOT_LOOK}: budapp did not answer within 0.5 seconds",
        budapp("GET", f"clusters/{CLUSTER}", seconds=1),
        row={"patience": 0.5},
    ),
    benchmark_fails(
        "budapp refuses the benchmark",
        f"{CANNOT_START}: budapp answered 403: Not yours",
        FIND,
        look_at_nodes(NODES),
        configure(),
        run_benchmark(status=403, answer={"detail": "Not yours"}),
    ),
    benchmark_fails(
        "budapp starts no workflow",
        f"{CANNOT_START}: No workflow_id returned from budapp",
        FIND,
        look_at_nodes(NODES),
        configure(),
        run_benchmark(answer={}),
        had_effect=True,
    ),
    benchmark_polled("the workflow has completed", workflow("COMPLETED", **MEASURED), outputs=BENCHMARKED),
    benchmark_polled(
        "the workflow has failed",
        workflow("FAILED"),
        error="The workflow ended as FAILED and gives no reason",
        outputs=not_benchmarked("The workflow ended as FAILED and gives no reason", workflow_id="wf-1"),
    ),
    benchmark_polled("the workflow goes on", workflow("IN_PROGRESS")),
    Row(
        action="model_benchmark",
        path="the workflow is given up",
        params=BENCHMARK,
        method="cleanup",
        context={"step_outputs": {"step": BENCHMARKING}},
        exchanges=(workflow("in_progress"), budapp("DELETE", "workflows/wf-1")),
    ),
)

ROWS: tuple[Row, ...] = (*MODEL_ADD, *CLOUD_MODEL_ADD, *MODEL_DELETE, *MODEL_BENCHMARK)
