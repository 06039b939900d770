"""A server starts without importing what it only may need: no action package, and no library of another purpose."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from bench import packages

ANSWER = """
import asyncio, json, sys
import bud_server.cli
from bud_server.app import create_app
from bud_server.serving import installed_catalog, uvicorn_config
from bud_server.settings import Settings

async def answer():
    sent = []

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": "GET", "path": "/actions", "query_string": b"", "headers": []}
    app = create_app(installed_catalog(Settings()), Settings())
    uvicorn_config(app).load()
    await app(scope, None, send)
    return sent[1]["body"]

total = json.loads(asyncio.run(answer()))["total"]
print(json.dumps({"total": total, "modules": sorted(sys.modules)}))
"""
PACKAGES, ACTIONS = 50, 100
BUILT_IN = 24


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return the modules of a server that has answered GET /actions with the actions of many packages."""
    site = packages.install(tmp_path_factory.mktemp("site"), PACKAGES, ACTIONS)
    done = subprocess.run(
        [sys.executable, "-c", ANSWER],
        env={**os.environ, "PYTHONPATH": str(site)},
        cwd=site,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["total"] == ACTIONS + BUILT_IN
    return list(found["modules"])


def test_no_action_package_is_imported(modules: list[str]) -> None:
    assert [name for name in modules if name.startswith("acme")] == []
    assert [name for name in modules if name.startswith("bud_actions.") and ".base" not in name] == []


@pytest.mark.parametrize(
    "library",
    [
        "cryptography",
        "jinja2",
        "jsonschema_rs",
        "jwt",
        "openapi_core",
        "pydantic",
        "rich",
        "sqlalchemy",
        "alembic",
        "structlog",
        "yaml",
    ],
)
def test_a_library_that_an_answer_does_not_need_is_not_imported(modules: list[str], library: str) -> None:
    assert [name for name in modules if name.partition(".")[0] == library] == []


def test_the_packages_of_this_test_cannot_be_imported(tmp_path: Path) -> None:
    site = packages.install(tmp_path, 1, 1)

    for package in ("acme0_generated", "acme0_actions"):
        done = subprocess.run(
            [sys.executable, "-c", f"import {package}"],
            env={**os.environ, "PYTHONPATH": str(site)},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert "an action package was imported" in done.stderr
