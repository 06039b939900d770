"""Simulations by budsim, and the models that they are about."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bud_actions.base import ServiceError
from bud_actions.base.context import Caller
from bud_actions.platform.calls import ask_budapp, ask_budsim, object_in, path, text_in

ENGINE_SETTINGS = {
    "tool_calling_parser_type": str,
    "reasoning_parser_type": str,
    "chat_template": str,
    "supports_lora": bool,
    "supports_pipeline_parallelism": bool,
}
"""What a recommendation says of the engine that is to serve the model, with the type of each."""


@dataclass(frozen=True, kw_only=True)
class ModelSource:
    """Where the files of a model are."""

    location: str
    """What budsim loads: a path in the model registry, or a URI."""
    uri: str | None
    """The model's name at its origin, such as `meta-llama/Llama-2-7b`; None if it has none."""


async def source_of_model(caller: Caller, model_id: str) -> ModelSource:
    """Return where the files of a model of budapp are. Raises ServiceError."""
    answer = await ask_budapp(caller, "GET", path("models", model_id))
    model = object_in(answer, "model") or answer
    location = text_in(model, "local_path", "uri", "huggingface_url")
    if location is None:
        raise ServiceError(f"budapp does not say where the files of the model {model_id} are", had_effect=False)
    return ModelSource(location=location, uri=text_in(model, "uri"))


def engine_settings(recommendation: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a recommendation says of the engine; None for what it leaves out."""
    given = {name: recommendation.get(name) for name in ENGINE_SETTINGS}
    return {name: value if isinstance(value, ENGINE_SETTINGS[name]) else None for name, value in given.items()}


async def run_simulation(caller: Caller, request: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return budsim's answer: recommendations if `debug` is set, the id of a workflow if not. Raises ServiceError."""
    body = {"is_proprietary_model": False, **request}
    return await ask_budsim(caller, "POST", "simulator/run", body, timeout_seconds=120)
