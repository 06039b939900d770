"""http_request yields what an address answers, in whatever form."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from bud_actions.base import ActionContext, ActionError, ActionResult, HttpAnswer, OutboundError
from bud_actions.integration.http_request import Executor
from bud_generated.integration.http_request import Params
from tests.actions.support import declared, execute, yielded

EXAMPLES: list[dict[str, Any]] = [
    {"url": "https://api.example.com/v1/models"},
    {
        "url": "https://registry.example.com/endpoints",
        "method": "POST",
        "headers": {"Authorization": "Bearer {{ params.registry_token }}"},
        "body": {"name": "{{ steps.deploy.outputs.endpoint_name }}", "id": "{{ steps.deploy.outputs.endpoint_id }}"},
        "timeout_seconds": 10,
    },
]


@pytest.mark.parametrize("params", EXAMPLES)
def test_params_keep_what_an_example_gives(params: dict[str, Any]) -> None:
    decoded = Params.from_dict(params)

    assert params.items() <= decoded.to_dict().items()


class Answering:
    """Answers as an address would."""

    def __init__(self, body: bytes, status: int = 200) -> None:
        self._answer = HttpAnswer(status=status, headers={"x": "y"}, body=body)

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout_seconds: float
    ) -> HttpAnswer:
        return self._answer


class Failing:
    """Fails after a connection was made, or before."""

    def __init__(self, *, had_effect: bool) -> None:
        self._error = OutboundError("it broke off", had_effect=had_effect)

    async def request(self, *_: object) -> HttpAnswer:
        raise self._error


@pytest.mark.parametrize("params", EXAMPLES)
def test_an_example_yields_what_is_answered(params: dict[str, Any]) -> None:
    outputs = yielded(Executor(), params, outbound=Answering(b'{"ok": true}', 201))

    assert outputs == {"status_code": 201, "body": {"ok": True}, "headers": {"x": "y"}}


@pytest.mark.parametrize(
    ("body", "meant"),
    [
        (b"", None),
        (b"null", None),
        (b'{"a": [1, 2.5, null]}', {"a": [1, 2.5, None]}),
        (b"[]", []),
        (b"7", 7),
        (b"hello", "hello"),
        (b"<html>\xc3\xbc</html>", "<html>ü</html>"),
        (b"\xff\xfe", "��"),
        (b"NaN", "NaN"),
        (b'{"a": Infinity}', '{"a": Infinity}'),
        (b"[" * 100_000, "[" * 100_000),
        (b"9" * 5_000, "9" * 5_000),
        (b'{"a": 1e400}', '{"a": 1e400}'),
        (b"[" * 900 + b"]" * 900, "[" * 900 + "]" * 900),
    ],
)
def test_a_body_that_is_json_is_decoded_and_any_other_is_text(body: bytes, meant: Any) -> None:
    outputs = yielded(Executor(), EXAMPLES[0], outbound=Answering(body))

    assert outputs["body"] == meant


@pytest.mark.parametrize(
    ("method", "reached", "had_effect"),
    [("GET", True, False), ("GET", False, False), ("POST", True, True), ("POST", False, False), ("PUT", True, True)],
)
def test_a_failure_says_whether_anything_may_have_changed(method: str, reached: bool, had_effect: bool) -> None:
    result = execute(Executor(), {**EXAMPLES[0], "method": method}, outbound=Failing(had_effect=reached))

    assert (result.success, result.error, result.had_effect) == (False, "it broke off", had_effect)
    assert declared("http_request", result.outputs) == {"status_code": 0, "body": None, "headers": {}}


def test_a_body_that_outputs_cannot_hold_fails_the_step_and_nothing_else() -> None:
    result = execute(Executor(), EXAMPLES[0], outbound=Answering(b'"' + b"x" * 1_000_000 + b'"'))

    assert result.error == "HTTP 200: the answer of 1,000,002 bytes does not fit into outputs: ask for less"
    outputs = declared("http_request", result.outputs)
    assert (outputs["status_code"], outputs["body"], result.had_effect) == (200, None, False)


def test_only_a_server_asks_addresses() -> None:
    result = execute(Executor(), EXAMPLES[0])

    assert result.error == "addresses can be asked only where a server runs the step"
    assert not result.had_effect


def test_a_lost_get_is_made_again_and_nobody_knows_of_any_other() -> None:
    def found(method: str) -> ActionResult | None:
        return asyncio.run(Executor().reconcile(ActionContext(params={"method": method})))

    assert found("GET") is None
    with pytest.raises(ActionError, match="whether the POST was made is not known"):
        found("POST")
