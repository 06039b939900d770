"""The routes of executions; what they answer is imported when it is first needed."""

from types import ModuleType

from starlette.routing import Route

from bud_server.runtime.calls import MOUNTS, Calls


def execution_routes(calls: Calls) -> list[Route]:
    """Return the routes of executions under every mount, and those under older paths."""
    older = [
        calls.route("/budpipeline/run", POST=lambda: _handlers().start_definition),
        calls.route("/budpipeline/{pipeline_id}/execute", POST=lambda: _handlers().start_named),
    ]
    return [*(route for prefix in MOUNTS for route in _routes(prefix, calls)), *older]


def _routes(prefix: str, calls: Calls) -> list[Route]:
    all_of_them, one = f"{prefix}/executions", f"{prefix}/executions/{{execution_id}}"
    return [
        calls.route(f"{prefix}/actions/{{action_type}}/execute", POST=lambda: _handlers().start_action),
        calls.route(f"{prefix}/pipelines/{{pipeline_id}}/execute", POST=lambda: _handlers().start_named),
        calls.route(all_of_them, POST=lambda: _handlers().start, GET=lambda: _handlers().list_all),
        calls.route(f"{all_of_them}/run", POST=lambda: _handlers().start_definition),
        calls.route(one, GET=lambda: _handlers().get),
        calls.route(f"{one}/progress", GET=lambda: _handlers().progress),
        calls.route(f"{one}/steps", GET=lambda: _handlers().list_steps),
        calls.route(f"{one}/steps/{{step_id}}", GET=lambda: _handlers().get_step),
        calls.route(f"{one}/steps/{{step_id}}/resolve", POST=lambda: _handlers().resolve),
        calls.route(f"{one}/events", GET=lambda: _handlers().list_events),
        calls.route(f"{one}/attempts", GET=lambda: _handlers().list_attempts),
        calls.route(f"{one}/stream", GET=lambda: _handlers().stream),
        calls.route(f"{one}/cancel", POST=lambda: _handlers().cancel),
        calls.route(f"{one}/retry", POST=lambda: _handlers().retry),
    ]


def _handlers() -> ModuleType:
    from bud_server.runtime import handlers

    return handlers
