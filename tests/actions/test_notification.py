"""notification hands over to budnotify what people are told."""

from collections.abc import Mapping
from typing import Any

import pytest

from bud_actions.integration.notification import Executor
from bud_generated.integration.notification import Params
from tests.actions.support import declared, execute, yielded

EXAMPLES: list[dict[str, Any]] = [
    {
        "channel": "slack",
        "message": "{{ steps.deploy.outputs.endpoint_name }} is ready",
        "recipients": ["#ml-platform"],
    },
    {
        "channel": "email",
        "title": "Cluster needs attention",
        "message": "Found: {{ steps.check.outputs.issues }}",
        "severity": "critical",
        "recipients": ["oncall@example.com"],
        "metadata": {"team": "platform"},
    },
]


@pytest.mark.parametrize("params", EXAMPLES)
def test_params_keep_what_an_example_gives(params: dict[str, Any]) -> None:
    decoded = Params.from_dict(params)

    assert params.items() <= decoded.to_dict().items()


class Listening:
    """Takes what is published."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, Mapping[str, Any]]] = []

    async def invoke(self, *_: object) -> None:
        raise AssertionError("no service is asked")

    async def publish(self, topic: str, data: Mapping[str, Any], headers: Mapping[str, str]) -> None:
        self.heard.append((topic, data))


@pytest.mark.parametrize("params", EXAMPLES)
def test_an_example_is_published_where_budnotify_listens(params: dict[str, Any]) -> None:
    services = Listening()
    outputs = yielded(Executor(), params, services=services, execution_id="e", step_id="s")
    ((topic, message),) = services.heard

    assert outputs == {"sent": True, "notification_id": "e-s"}
    assert topic == "notificationMessages"
    assert message["subscriber_ids"] == params["recipients"]
    assert message["payload"]["content"]["message"] == params["message"]


def test_without_recipients_whoever_started_the_pipeline_is_told() -> None:
    services = Listening()
    yielded(Executor(), {"channel": "email", "message": "done"}, services=services, user_id="ada")

    assert services.heard[0][1]["subscriber_ids"] == ["ada"]


def test_somebody_must_be_told() -> None:
    params = {"channel": "email", "message": "done"}
    result = execute(Executor(), params, services=Listening(), execution_id="e", step_id="s")

    assert (result.error, result.had_effect) == ("There is nobody to tell: give recipients", False)
    assert declared("notification", result.outputs) == {"sent": False, "notification_id": "e-s"}


def test_without_services_it_is_not_sent() -> None:
    result = execute(Executor(), EXAMPLES[0], execution_id="e", step_id="s")

    assert result.error == "no services are configured, so nothing can be published to 'notificationMessages'"
    assert declared("notification", result.outputs) == {"sent": False, "notification_id": "e-s"}
