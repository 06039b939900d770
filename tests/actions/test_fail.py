"""fail ends its step as failed."""

from typing import Any

import pytest

from bud_actions.builtin.fail import Executor
from tests.actions.support import declared, execute


@pytest.mark.parametrize(
    ("params", "message", "code"),
    [
        ({}, "Intentional failure", "INTENTIONAL_FAILURE"),
        (
            {"message": "Cluster is degraded, not deploying"},
            "Cluster is degraded, not deploying",
            "INTENTIONAL_FAILURE",
        ),
        ({"message": "é 日本", "error_code": "CLUSTER_UNHEALTHY"}, "é 日本", "CLUSTER_UNHEALTHY"),
    ],
)
def test_the_step_fails_with_message_and_code(params: dict[str, Any], message: str, code: str) -> None:
    result = execute(Executor(), params)

    assert (result.success, result.error) == (False, message)
    assert declared("fail", result.outputs) == {"error_code": code, "message": message}


def test_failing_changes_nothing() -> None:
    assert not execute(Executor(), {}).had_effect
