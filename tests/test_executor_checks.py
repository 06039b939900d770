"""POST /actions/validate asks executors what the action files cannot say."""

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from starlette.testclient import TestClient

from bud_actions.base import ActionContext, ActionResult, BaseActionExecutor, ExecutorError
from bud_server.app import create_app
from bud_server.catalog.holder import CatalogHolder
from bud_server.settings import Settings
from tests.support.api import EXECUTORS, catalog
from tests.support.server import running


class Careful(BaseActionExecutor):
    """Says what the test wants it to say of the params."""

    def __init__(self, say: Callable[[Mapping[str, Any]], list[str]]) -> None:
        self._say = say

    async def execute(self, context: ActionContext) -> ActionResult:
        raise NotImplementedError

    def validate_params(self, params: Mapping[str, Any]) -> list[str]:
        return self._say(params)


def broken(action_type: str) -> BaseActionExecutor:
    raise ExecutorError(f"the executor of {action_type} (acme 1.0) cannot be made: ImportError: no acme")


def verdict(find: Callable[[str], BaseActionExecutor], params: Mapping[str, Any]) -> dict[str, Any]:
    settings = Settings(strict=True)
    client = TestClient(create_app(CatalogHolder(catalog()), settings, executors=lambda: find))
    for _ in range(2):
        answer = client.post("/actions/validate", json={"action_type": "echo", "params": params})
        assert answer.status_code == 200
    found: dict[str, Any] = answer.json()
    assert found["errors"] == [each["message"] for each in found["problems"]]
    return found


def test_what_an_executor_says_is_a_problem_of_the_param_that_it_names() -> None:
    seen: list[Mapping[str, Any]] = []

    def say(params: Mapping[str, Any]) -> list[str]:
        seen.append(params)
        return ["size: is too odd", "nothing fits", "other: is none of the params"]

    assert verdict(lambda _: Careful(say), {"size": 3}) == {
        "valid": False,
        "errors": ["size: is too odd", "nothing fits", "other: is none of the params"],
        "problems": [
            {"param": "size", "code": "executor", "message": "size: is too odd"},
            {"param": None, "code": "executor", "message": "nothing fits"},
            {"param": None, "code": "executor", "message": "other: is none of the params"},
        ],
    }
    assert seen[-1] == {"size": 3, "text": ""}


@pytest.mark.parametrize("params", [{"size": "many"}, {"text": "{{ params.x }}"}, {"unknown": 1}])
def test_an_executor_is_not_asked_about_what_is_wrong_or_not_there_yet(params: Mapping[str, Any]) -> None:
    found = verdict(lambda _: Careful(lambda _: ["asked"]), params)

    assert "asked" not in found["errors"]


def test_an_executor_that_fails_at_it_is_named_without_a_value() -> None:
    def say(params: Mapping[str, Any]) -> list[str]:
        raise ValueError(params["text"])

    found = verdict(lambda _: Careful(say), {"text": "a secret"})

    assert found["errors"] == ["the executor of echo could not check the params: ValueError"]


def test_an_executor_that_cannot_be_imported_is_a_problem() -> None:
    found = verdict(broken, {"text": "hi"})

    assert found["problems"] == [
        {
            "param": None,
            "code": "executor",
            "message": "the executor of echo (acme 1.0) cannot be made: ImportError: no acme",
        }
    ]
    assert verdict(broken, {"size": "many"})["problems"][0]["code"] == "type"


def test_an_executor_that_leaves_it_to_the_action_file_is_content() -> None:
    assert verdict(EXECUTORS.__getitem__, {"text": "hi"})["valid"]


def test_the_server_asks_the_installed_executors() -> None:
    body = {"action_type": "wait_until", "params": {"duration_hours": 1, "timezone": "Nowhere/Nothing"}}
    with running() as server:
        found = server.post("/actions/validate", body)

    assert found["errors"] == ["Invalid timezone: 'Nowhere/Nothing'"]
    assert json.dumps(found).count("executor") == 1
