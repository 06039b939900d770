"""The generated TypeScript client against the real server, type-checked and run by Node."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.support.node import FOLDER as TESTS
from tests.support.node import run_node, run_npm, tsc
from tests.support.project import bud, make_project
from tests.support.server import running

PACKAGE = Path(__file__).parents[1] / "generated/typescript"
OPTIONS = {
    "strict": True,
    "exactOptionalPropertyTypes": True,
    "noUncheckedIndexedAccess": True,
    "target": "es2022",
    "module": "nodenext",
    "types": [],
    "lib": ["es2022"],
}


@pytest.fixture(scope="module")
def consumer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A compiled project that has installed the generated package."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "package.json").write_text('{"name": "client", "private": true, "type": "module"}')
    run_npm(["install", "--offline", "--ignore-scripts", "--install-links", f"file:{PACKAGE}"], folder)
    shutil.copy(TESTS / "against_server.ts", folder)
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": OPTIONS, "include": ["*.ts"]}))
    complaints = tsc("5.9", folder)
    assert not complaints, complaints
    return folder


@pytest.fixture(scope="module")
def seen(consumer: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the client saw of a server with its own catalog, and of one with another."""
    other = tmp_path_factory.mktemp("other")
    make_project(other, "greet")
    assert bud("generate", "--root", str(other)).returncode == 0
    with running() as own_server, running("--root", str(other)) as other_server:
        arguments = [own_server.url, other_server.url]
        printed = run_node(consumer / "against_server.js", consumer, arguments=arguments)
        digest = other_server.get("/health")["catalog"]
    found: dict[str, Any] = {**json.loads(printed), "other_digest": digest}
    return found


def test_the_list_and_one_action_arrive_as_their_types_say(seen: dict[str, Any]) -> None:
    assert seen["listed"]["total"] == len(seen["listed"]["types"]) == 24
    assert seen["log"]["mode"] == "sync"
    assert {"message", "level"} <= set(seen["log"]["params"])


def test_what_did_not_change_is_not_sent_again(seen: dict[str, Any]) -> None:
    assert seen["statuses"] == [200, 304, 200, 304]
    assert (seen["listed"]["same"], seen["log"]["same"]) == (True, True)


def test_params_are_judged_in_either_spelling(seen: dict[str, Any]) -> None:
    assert seen["right"] == {"valid": True, "errors": [], "problems": []}
    assert seen["wrong"]["valid"] is False
    assert {problem["param"] for problem in seen["wrong"]["problems"]} >= {"level"}
    assert seen["snakeCase"] == seen["wrong"]


def test_an_error_is_the_problem_that_the_server_tells(seen: dict[str, Any]) -> None:
    for error, named in ((seen["gone"], "no/such action"), (seen["unknown"], "nothing_like_it")):
        assert error["status"] == error["problem"]["status"] == 404
        assert error["message"] == error["problem"]["detail"]
        assert named in error["message"] or error["problem"]["title"] == "Not Found"


def test_another_catalog_is_warned_of_once(seen: dict[str, Any]) -> None:
    assert seen["sameWarnings"] == 0
    assert seen["strange"] == ["greet"]
    (warning,) = seen["warnings"]
    assert seen["other_digest"] in warning
    assert seen["catalogDigest"] in warning
