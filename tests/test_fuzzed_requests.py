"""Requests drawn from the OpenAPI document: whatever comes, the answer is one that the document describes."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import positive_data_acceptance

from bud_server.app import create_app
from bud_server.runtime.gate import Gate
from bud_server.runtime.runtime import Runtime
from bud_server.serving import installed_catalog
from tests.support.api import EXECUTORS, settings_in

HOLDER = installed_catalog(settings_in("."))
GATE = Gate()
APP = create_app(HOLDER, settings_in("."), gate=GATE)
SCHEMA = schemathesis.openapi.from_asgi("/openapi.json", APP).exclude(path_regex="/actions/events$")

RUNTIME_TAGS = {"pipelines", "executions", "events", "machines", "older"}
"""What no schema tells the right bodies of: whether a pipeline can run depends on more than its form."""


@pytest.fixture(scope="module", autouse=True)
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let one runtime serve all requests, in which every action does the same."""
    given = settings_in(tmp_path_factory.mktemp("fuzzed"))
    with Runtime(given, lambda: HOLDER.current, lambda _action_type: EXECUTORS["echo"]) as running:
        GATE.running = running
        yield
        GATE.running = None


@SCHEMA.parametrize()
@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_answer_is_described(case: Any) -> None:
    is_of_runtime = bool(RUNTIME_TAGS.intersection(case.operation.tags))
    case.call_and_validate(excluded_checks=[positive_data_acceptance] if is_of_runtime else [])
