"""webhook tells another system, and yields what it answers."""

from typing import Any

import pytest

from bud_actions.integration.webhook import Executor
from bud_generated.integration.webhook import Params
from tests.actions.support import declared, execute, yielded
from tests.actions.test_http_request import Answering

EXAMPLES: list[dict[str, Any]] = [
    {
        "url": "https://ci.example.com/hooks/build",
        "headers": {"X-Webhook-Token": "{{ params.ci_token }}"},
        "payload": {"model_id": "{{ steps.add.outputs.model_id }}"},
    },
]


@pytest.mark.parametrize("params", EXAMPLES)
def test_params_keep_what_an_example_gives(params: dict[str, Any]) -> None:
    decoded = Params.from_dict(params)

    assert params.items() <= decoded.to_dict().items()


@pytest.mark.parametrize("params", EXAMPLES)
def test_an_example_yields_what_is_answered(params: dict[str, Any]) -> None:
    outputs = yielded(Executor(), params, outbound=Answering(b"queued", 202))

    assert outputs == {"success": True, "status_code": 202, "response": "queued"}


@pytest.mark.parametrize("status", [199, 300, 404, 500])
def test_anything_but_a_2xx_fails_and_keeps_the_outputs(status: int) -> None:
    result = execute(Executor(), EXAMPLES[0], outbound=Answering(b'"no"', status))

    assert (result.success, result.error) == (False, f"HTTP {status}")
    assert declared("webhook", result.outputs) == {"success": False, "status_code": status, "response": "no"}


@pytest.mark.parametrize("payload", [[1], "text", 1, True])
def test_only_an_object_can_be_a_query(payload: Any) -> None:
    said = Executor().validate_params({"method": "GET", "payload": payload})

    assert said == ["payload: it is the query of a GET, so it must be an object"]
    assert not Executor().validate_params({"method": "POST", "payload": payload})


@pytest.mark.parametrize("payload", [None, {}, {"a": 1}, "{{ steps.add.outputs }}"])
def test_a_query_may_be_an_object_or_become_one(payload: Any) -> None:
    assert not Executor().validate_params({"method": "GET", "payload": payload})
