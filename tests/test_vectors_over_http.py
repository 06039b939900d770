"""The shared vectors, asked of the server."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from bud_codegen import api
from bud_codegen.emit.python import catalog_json
from bud_server.app import create_app
from bud_server.catalog.holder import CatalogHolder
from bud_server.catalog.served import served
from bud_server.settings import Settings
from tests.test_vectors import CASES, _texts

PREFIXES = ("", "/api/v1", "/budpipeline")


@pytest.fixture(scope="module")
def client() -> TestClient:
    document = json.loads(catalog_json(api.load_catalog(_texts())))
    return TestClient(create_app(CatalogHolder(served(document)), Settings(strict=True)))


def test_the_server_finds_the_problems_of_every_case(client: TestClient) -> None:
    for number, case in enumerate(CASES):
        prefix, key = PREFIXES[number % 3], ("action_type", "actionType")[number % 2]
        body: dict[str, Any] = {key: case["action"], "params": case["params"]}
        answer = client.post(f"{prefix}/actions/validate", json=body).json()

        assert answer["problems"] == case["problems"], case["name"]
        assert answer["errors"] == [problem["message"] for problem in case["problems"]]
        assert answer["valid"] is not bool(case["problems"])
