"""What was saved or begun with one version goes on with it, whatever is installed later."""

import json
import os
import signal
import sqlite3
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.support.project import bud
from tests.support.server import Server, running, wait_until
from tests.versions.support import NEWEST, OLDER, generate, only_one, two_versions

GREET = {"id": "greet", "action": "greet", "params": {"who": "Ada"}, "depends_on": ["wait"]}
WAIT = {"id": "wait", "action": "hold"}


def definition(*steps: dict[str, Any], name: str = "greetings", output: str = "said") -> dict[str, Any]:
    return {"name": name, "steps": list(steps), "outputs": {"text": f"{{{{ steps.greet.outputs.{output} }}}}"}}


@contextmanager
def serving(project: Path, database: str) -> Iterator[Server]:
    with running("--root", str(project), "--database", database) as server:
        yield server


@pytest.fixture
def fresh(tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """Return the URL of an empty database of the kind that the test is about."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/bud.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


on_both = pytest.mark.parametrize("fresh", ["sqlite", "postgresql"], indirect=True)


def begin(server: Server, steps: tuple[dict[str, Any], ...]) -> str:
    answer = server.post("/executions/run", {"pipeline_definition": definition(*steps)})
    execution_id: str = answer["execution_id"]
    return execution_id


def ended(server: Server, execution_id: str) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def look() -> bool:
        found.update(server.get(f"/executions/{execution_id}"))
        return found["status"] not in ("PENDING", "RUNNING", "WAITING")

    wait_until(look)
    return found


def refusal(server: Server, path: str, body: object) -> str:
    with pytest.raises(urllib.error.HTTPError) as refused:
        server.post(path, body)
    return refused.value.read().decode()


@on_both
def test_an_execution_that_began_before_an_upgrade_ends_on_its_version(tmp_path: Path, fresh: str) -> None:
    project = only_one(tmp_path / "project")
    with serving(project, fresh) as server:
        execution_id = begin(server, (WAIT, GREET))
        os.kill(server.pid, signal.SIGKILL)
    two_versions(project)
    with serving(project, fresh) as server:
        found = ended(server, execution_id)
        assert found["status"] == "COMPLETED", found
        assert found["final_outputs"] == {"text": "Hello Ada"}
        steps = server.get(f"/executions/{execution_id}/steps")["steps"]
        assert [each["action_version"] for each in steps if each["action"] == "greet"] == ["1.4.0"]
        assert "unknown" in refusal(server, "/executions/run", {"pipeline_definition": definition(GREET)}).lower()


@on_both
def test_an_execution_keeps_the_definition_that_it_began_with(tmp_path: Path, fresh: str) -> None:
    project = only_one(tmp_path / "project")
    action = project / "actions/duo_actions/integration/greet.yaml"
    action.write_text(OLDER.replace("required: true", "default: everybody"))
    generate(project)
    silent = {**GREET, "params": {}}
    with serving(project, fresh) as server:
        execution_id = begin(server, (WAIT, silent))
        os.kill(server.pid, signal.SIGKILL)
    action.write_text(OLDER.replace("required: true", "default: nobody").replace("1.4.0", "1.5.0"))
    generate(project)
    with serving(project, fresh) as server:
        assert ended(server, execution_id)["final_outputs"] == {"text": "Hello everybody"}
        assert ended(server, begin(server, (WAIT, silent)))["final_outputs"] == {"text": "Hello nobody"}


def test_an_execution_whose_version_is_gone_says_so(tmp_path: Path) -> None:
    project, database = only_one(tmp_path / "project"), f"sqlite:///{tmp_path}/bud.db"
    with serving(project, database) as server:
        execution_id = begin(server, (WAIT, GREET))
        os.kill(server.pid, signal.SIGKILL)
    two_versions(project)
    for name in ("greet.v1.yaml", "greet_v1.py"):
        (project / "actions/duo_actions/integration" / name).unlink()
    generate(project)
    with serving(project, database) as server:
        found = ended(server, execution_id)
    assert found["status"] == "FAILED"
    said = "Version 1 of 'greet', which this execution began with, is not installed; there is 2.0.0"
    assert said in str(found["error_info"])


@on_both
def test_a_saved_pipeline_is_pinned_until_it_is_upgraded(tmp_path: Path, fresh: str) -> None:
    project = only_one(tmp_path / "project")
    step = {"id": "greet", "action": "greet", "params": {"who": "Ada", "tone": "friendly", "loud": True}}
    with serving(project, fresh) as server:
        stuck = server.post("/pipelines", {"dag": definition(step, name="reads what is gone")})
        saved = server.post("/pipelines", {"dag": {**definition(step), "outputs": {}}})
        assert (stuck["pins"], saved["pins"]) == ({"greet": 1}, {"greet": 1})
    two_versions(project)
    with serving(project, fresh) as server:
        assert run_saved(server, stuck["id"]) == {"text": "Hello Ada"}
        assert put(server, saved["id"], {**definition(step), "outputs": {}})["pins"] == {"greet": 1}
        assert "who" in refusal(server, "/pipelines", {"dag": definition(step, name="another")})

    asked = ("pipelines", "upgrade", "--database", fresh, "--root", str(project))
    tried = bud(*asked)
    assert (tried.returncode, tried.stderr) == (1, ""), tried.stdout
    assert "cannot be upgraded" in tried.stdout, "an output that one of them reads is gone"
    assert "step greet: greet 1 -> 2; who is called whom; tone has a new value; loud is dropped" in tried.stdout
    assert tried.stdout.endswith("1 to upgrade, 0 up to date, 1 not possible\nnothing was written; --write does it\n")

    written = bud(*asked, "--write")
    assert written.stdout.endswith("1 upgraded, 0 up to date, 1 not possible\n"), written.stdout + written.stderr
    assert bud(*asked, "--write").stdout.endswith("0 upgraded, 1 up to date, 1 not possible\n")
    with serving(project, fresh) as server:
        found = server.get(f"/pipelines/{saved['id']}")
        assert found["pins"] == {"greet": 2}
        assert found["dag"]["steps"][0]["params"] == {"whom": "Ada", "tone": "warm"}
        assert run_saved(server, saved["id"]) == {}
        assert run_saved(server, stuck["id"]) == {"text": "Hello Ada"}


def run_saved(server: Server, pipeline_id: str) -> Any:
    answer = server.post(f"/pipelines/{pipeline_id}/execute", {})
    found = ended(server, answer["execution_id"])
    assert found["status"] == "COMPLETED", found
    return found["final_outputs"]


def put(server: Server, pipeline_id: str, dag: dict[str, Any]) -> Any:
    headers = {"content-type": "application/json"}
    request = urllib.request.Request(
        f"{server.url}/pipelines/{pipeline_id}", json.dumps({"dag": dag}).encode(), headers, method="PUT"
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def test_a_pipeline_whose_version_is_gone_says_what_to_do(tmp_path: Path) -> None:
    project, database = only_one(tmp_path / "project"), f"sqlite:///{tmp_path}/bud.db"
    step = {"id": "greet", "action": "greet", "params": {"who": "Ada"}}
    with serving(project, database) as server:
        saved = server.post("/pipelines", {"dag": definition(step)})
    action = project / "actions/duo_actions/integration/greet.yaml"
    action.write_text(NEWEST.format(version="2.0.0"))
    generate(project)
    with serving(project, database) as server:
        said = refusal(server, f"/pipelines/{saved['id']}/execute", {})
    assert "version 1 of action 'greet' is not installed; there is 2.0.0" in said
    assert "bud pipelines upgrade" in said


def test_pipelines_that_were_saved_before_versions_were_kept_run_on_the_newest(tmp_path: Path) -> None:
    project, database = only_one(tmp_path / "project"), tmp_path / "bud.db"
    step = {"id": "greet", "action": "greet", "params": {"who": "Ada"}}
    with serving(project, f"sqlite:///{database}") as server:
        saved = server.post("/pipelines", {"dag": definition(step)})
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE pipelines SET pins = NULL")
    with serving(project, f"sqlite:///{database}") as server:
        assert run_saved(server, saved["id"]) == {"text": "Hello Ada"}


def test_pipelines_in_files_are_upgraded_with_their_comments(tmp_path: Path) -> None:
    project = two_versions(tmp_path / "project")
    path = tmp_path / "greet.yaml"
    before = """\
# Greets.
name: greetings
steps:
  - id: greet  # the only one
    action: hello@1
    params:
      # Whom to greet.
      who: Ada  # a friend
      loud: true
      tone: 'friendly'
"""
    path.write_text(before)
    tried = bud("pipelines", "upgrade", str(path), "--root", str(project))
    assert tried.returncode == 0, tried.stdout + tried.stderr
    assert path.read_text() == before
    done = bud("pipelines", "upgrade", str(path), "--root", str(project), "--write")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        path.read_text()
        == """\
# Greets.
name: greetings
steps:
  - id: greet  # the only one
    action: greet@2
    params:
      # Whom to greet.
      whom: Ada  # a friend
      tone: 'warm'
"""
    )
