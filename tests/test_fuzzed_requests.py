"""Requests drawn from the OpenAPI document: whatever comes, the answer is one that the document describes."""

from typing import Any

import schemathesis
from hypothesis import HealthCheck, settings

from bud_server.app import create_app
from bud_server.serving import installed_catalog
from bud_server.settings import Settings

APP = create_app(installed_catalog(Settings()), Settings(strict=True))
SCHEMA = schemathesis.openapi.from_asgi("/openapi.json", APP).exclude(path_regex="/events$")


@SCHEMA.parametrize()
@settings(max_examples=15, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_answer_is_described(case: Any) -> None:
    case.call_and_validate()
