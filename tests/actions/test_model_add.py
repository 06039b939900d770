"""model_add takes models from where its rules say, and gives up what it started."""

import asyncio
from typing import Any

import pytest

from bud_actions.base import ActionContext, ServiceUnreachableError
from bud_actions.model.add import Executor
from bud_generated.model.add import Params
from bud_schemas import ParamValidator
from tests.actions.support import CATALOG, declared

VALIDATOR = ParamValidator(CATALOG["model_add"]["meta"])

EXAMPLES: list[dict[str, Any]] = [
    {"huggingface_id": "meta-llama/Llama-2-7b-hf"},
    {
        "model_source": "url",
        "model_uri": "https://models.example.com/releases/summarizer-3b.tar.gz",
        "model_name": "summarizer-3b",
        "author": "Example Research",
        "max_wait_seconds": 7200,
    },
    {
        "model_source": "hugging_face",
        "model_uri": "{{ steps.choose.outputs.model_uri }}",
        "credential_id": "5d2f6a0e-7c1b-4f0e-9a57-2b8f3c6d1e40",
    },
]


@pytest.mark.parametrize("params", EXAMPLES)
def test_params_keep_what_an_example_gives(params: dict[str, Any]) -> None:
    decoded = Params.from_dict(params)

    assert params.items() <= decoded.to_dict().items()


@pytest.mark.parametrize("params", EXAMPLES)
def test_without_services_an_example_fails_and_nothing_has_changed(params: dict[str, Any]) -> None:
    result = asyncio.run(Executor().execute(ActionContext(params=params)))

    assert not result.success
    assert not result.had_effect
    assert "no services are configured, so 'budapp' cannot be reached" in (result.error or "")
    assert declared("model_add", result.outputs)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "Give either huggingface_id (for HuggingFace models) or model_uri, but not both"),
        (
            {"model_source": "url", "huggingface_id": "acme/small"},
            "huggingface_id is for models from HuggingFace; give model_uri for any other source",
        ),
        (
            {"model_source": "url", "model_uri": "ftp://models.example.com/small"},
            "model_uri of a direct download must start with http:// or https://",
        ),
        (
            {"model_source": "disk", "model_uri": "models/small"},
            "model_uri of a model on disk must be an absolute path that starts with /",
        ),
        ({"model_uri": "small"}, "model_uri of a HuggingFace model must be in format 'organization/model-name'"),
    ],
)
def test_a_model_is_named_as_its_source_names_models(params: dict[str, Any], message: str) -> None:
    assert [each.message for each in VALIDATOR.validate(params)] == [message]


@pytest.mark.parametrize(
    "params",
    [
        {"model_uri": "{{ params.uri }}"},
        {"model_source": "{{ params.source }}", "model_uri": "{{ params.uri }}"},
        {"model_source": "disk", "model_uri": "/models/small"},
    ],
)
def test_what_may_turn_out_right_is_accepted(params: dict[str, Any]) -> None:
    assert not list(VALIDATOR.validate(params))


def test_a_workflow_that_cannot_be_given_up_is_told() -> None:
    context = ActionContext(step_outputs={"step": {"workflow_id": "wf-1"}})

    with pytest.raises(ServiceUnreachableError):
        asyncio.run(Executor().cleanup(context))
