"""The OpenAPI document: valid, and understood by the generators that people use."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from bud_codegen import api
from bud_server.app import routes
from bud_server.auth.authenticator import Open
from bud_server.auth.routes import NEEDS, undeclared
from bud_server.catalog.checks import ExecutorChecks
from bud_server.catalog.events import Broadcast
from bud_server.http.observe import Metrics
from bud_server.runtime.gate import Gate
from bud_server.serving import installed_catalog
from bud_server.settings import Settings
from tests.support import node

ROOT = Path(__file__).parent.parent
PATH = ROOT / "generated/openapi/openapi.json"
DOCUMENT: dict[str, Any] = json.loads(PATH.read_text())
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
CATALOG: dict[str, Any] = json.loads((ROOT / "generated/python/bud_generated/catalog.json").read_text())


def test_it_is_valid_openapi() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_it_describes_the_routes_of_the_server_and_no_others() -> None:
    holder = installed_catalog(Settings())
    listed = routes(holder, Settings(), Metrics(), Broadcast(holder), Gate(), Open(), ExecutorChecks(None))
    served = {(route.path, method.lower()) for route in listed for method in (route.methods or set()) - {"HEAD"}}
    described = {
        (path, method) for path, item in DOCUMENT["paths"].items() for method in item if method != "parameters"
    }

    assert served == described
    assert not undeclared(listed)
    assert {path for path, _ in served} == NEEDS.keys()


def test_every_action_has_its_types() -> None:
    for name in ("Log", "ModelAdd", "HttpRequest"):
        for kind in ("Input", "Params", "Outputs", "Step"):
            assert f"{name}{kind}" in SCHEMAS
        assert SCHEMAS[f"{name}Input"]["additionalProperties"] is False


def test_defaults_are_optional_for_a_step_and_there_for_an_executor() -> None:
    assert "level" not in SCHEMAS["LogInput"]["required"]
    assert SCHEMAS["LogInput"]["properties"]["level"]["default"] == "info"
    assert "level" in SCHEMAS["LogParams"]["required"]


def test_a_step_is_told_by_its_action() -> None:
    step = SCHEMAS["PipelineStep"]

    assert step["discriminator"]["propertyName"] == "action"
    assert step["discriminator"]["mapping"]["log"] == "#/components/schemas/LogStep"
    assert len(step["oneOf"]) == len(step["discriminator"]["mapping"]) == len(CATALOG["actions"])
    assert SCHEMAS["LogStep"]["properties"]["action"]["const"] == "log"
    assert "allOf" not in json.dumps(SCHEMAS)


def test_null_counts_as_left_out() -> None:
    schema("LogInput").validate({"level": None, "message": None})
    schema("DeploymentCreateInput").validate(
        {"model_id": "m", "project_id": "p", "endpoint_name": "e", "ttft": None, "budaiscaler_specification": None}
    )
    assert not schema("HttpRequestInput").is_valid({"url": None})
    assert not schema("LogParams").is_valid({"level": None, "message": ""})


def schema(name: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]})


@pytest.mark.parametrize("action_type", CATALOG["actions"])
def test_examples_are_steps_and_metadata_is_metadata(action_type: str) -> None:
    meta = CATALOG["actions"][action_type]["meta"]

    schema("ActionMeta").validate(meta)
    for example in meta["examples"]:
        schema("PipelineStep").validate({"id": "step", "action": action_type, "params": example["params"]})


def test_openapi_typescript_understands_it(tmp_path: Path) -> None:
    node.install()
    types = tmp_path / "api.ts"
    cli = node.FOLDER / "node_modules/openapi-typescript/bin/cli.js"
    node.run_node(cli, tmp_path, arguments=[str(PATH), "--output", str(types)])
    (tmp_path / "use.ts").write_text(
        'import type { components } from "./api.js";\n'
        'type Step = components["schemas"]["PipelineStep"];\n'
        "export function level(step: Step): string | undefined {\n"
        '  return step.action === "log" ? (step.params?.level ?? undefined) : undefined;\n'
        "}\n"
    )
    (tmp_path / "package.json").write_text('{"type": "module"}')
    options = {
        "strict": True,
        "noEmit": True,
        "module": "nodenext",
        "skipLibCheck": True,
        "lib": ["es2022"],
        "types": [],
    }
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "files": ["use.ts"]}))

    assert node.tsc("5.9", tmp_path) == ""


def test_openapi_python_client_understands_it(tmp_path: Path) -> None:
    assert (python_client(PATH, tmp_path) / "models/log_input.py").exists()


TWO_ALIKE = """\
type: alike
version: 1.0.0
name: Alike
description: Takes two objects that are called the same.
category: Control Flow
execution_mode: sync
params:
  - {name: first, label: Settings, type: json, schema: {type: object, properties: {size: {type: integer}}}}
  - {name: second, label: Settings, type: json, schema: {type: object, properties: {speed: {type: number}}}}
  - name: third
    label: Settings
    type: json
    description: Many of them.
    schema: {type: array, items: {type: object, properties: {title: {type: string}}}}
"""


def test_params_of_one_label_have_types_of_their_own(tmp_path: Path) -> None:
    sources = {
        "actions/bud_actions/categories.yaml": (ROOT / "actions/bud_actions/categories.yaml").read_text(),
        "actions/bud_actions/builtin/alike.yaml": TWO_ALIKE,
    }
    path = tmp_path / "openapi.json"
    path.write_bytes(api.generate(sources)["generated/openapi/openapi.json"])
    members = json.loads(path.read_text())["components"]["schemas"]["AlikeParams"]["properties"]

    assert [member["description"] for member in members.values()] == ["Settings", "Settings", "Many of them."]
    assert all("title" not in member for member in members.values())
    assert "title" in members["third"]["items"]["properties"]
    models = "\n".join(file.read_text() for file in (python_client(path, tmp_path) / "models").glob("alike_*.py"))
    assert "size: int | Unset" in models
    assert "speed: float | Unset" in models


def python_client(path: Path, tmp_path: Path) -> Path:
    """Generate a client, without a warning, and return its folder."""
    command = [str(Path(sys.executable).with_name("openapi-python-client")), "generate", "--meta", "none"]
    done = subprocess.run(
        [*command, "--path", str(path), "--output-path", str(tmp_path / "client"), "--fail-on-warning"],
        cwd=tmp_path,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},  # it calls ruff
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    return tmp_path / "client"
