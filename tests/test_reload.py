"""`bud serve --reload`: edits are served and used at once, and a broken one changes nothing but says so."""

import asyncio
import re
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from importlib import invalidate_caches
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from bud_actions.base import ActionContext, ActionRegistry, ExecutorError
from bud_actions.base.discovery import Discovery
from bud_actions.base.packages import ActionPackage
from tests.support.project import action, bud, make_project, write_action
from tests.support.server import Server as Process
from tests.support.server import running, wait_until


class Server(NamedTuple):
    process: Process
    root: Path

    @property
    def url(self) -> str:
        return self.process.url

    @property
    def said(self) -> list[str]:
        return self.process.said

    def get(self, path: str) -> Any:
        return self.process.get(path)

    def types(self) -> set[str]:
        return {each["type"] for each in self.get("/actions")["actions"]}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    make_project(tmp_path, "greet")
    with running("--reload", "--root", str(tmp_path)) as process:
        wait_until(lambda: is_up(process))
        yield Server(process, tmp_path)


def is_up(process: Process) -> bool:
    try:
        return bool(process.get("/health"))
    except OSError:
        return False


def test_a_project_is_served_beside_what_is_installed(server: Server) -> None:
    assert {"greet", "log", "model_add"} <= server.types()


def test_a_new_and_a_removed_action_are_served_at_once(server: Server) -> None:
    path = write_action(server.root, "wave", action("wave"))
    wait_until(lambda: "wave" in server.types())

    path.unlink()
    wait_until(lambda: "wave" not in server.types())


def test_the_generated_files_follow(server: Server) -> None:
    write_action(server.root, "greet", action(param="friend"))

    wait_until(lambda: "friend" in _text(server.root / "generated/docs/greet.md"))


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def test_a_broken_edit_keeps_the_last_good_catalog_and_says_what_is_wrong(server: Server) -> None:
    before = server.get("/actions/greet")
    write_action(server.root, "greet", action().replace("type: string\n    required", "type: strng\n    required"))
    wait_until(lambda: server.get("/health")["status"] == "degraded")

    (problem,) = server.get("/health")["problems"]
    assert problem.startswith("actions/acme_actions/integration/greet.yaml:12:11: error[invalid-value]")
    assert server.get("/actions/greet") == before
    wait_until(lambda: any("did you mean `string`?" in line for line in server.said))

    write_action(server.root, "greet", action())
    wait_until(lambda: server.get("/health")["status"] == "healthy")


def test_listeners_hear_of_both(server: Server) -> None:
    with urllib.request.urlopen(f"{server.url}/actions/events", timeout=30) as stream:
        assert _event(stream) == "catalog"
        write_action(server.root, "greet", "type: [")
        assert _event(stream) == "problems"
        write_action(server.root, "greet", action(param="friend"))
        assert _event(stream) == "catalog"


def _event(stream: Any) -> str:
    for line in stream:
        if line.startswith(b"event: "):
            return str(line.removeprefix(b"event: ").decode().strip())
    return pytest.fail("the stream ended")


def test_a_project_that_is_broken_from_the_start_does_not_start(tmp_path: Path) -> None:
    make_project(tmp_path, "greet")
    write_action(tmp_path, "greet", "type: [")
    command = [str(Path(sys.executable).with_name("bud")), "serve", "--reload", "--root", str(tmp_path)]

    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 1
    assert "yaml-syntax" in done.stderr


def test_a_type_of_another_package_is_not_taken_over_by_an_edit(server: Server) -> None:
    before = server.get("/actions/log")
    path = write_action(server.root, "log", action("log"))
    wait_until(lambda: server.get("/health")["status"] == "degraded")

    (problem,) = server.get("/health")["problems"]
    assert problem.startswith("actions/acme_actions/integration/log.yaml:1:1: error[duplicate-action] `log` is also")
    assert re.search(r"claimed by bud-actions \S+ \(entry bud, action log\)$", problem)
    assert server.get("/actions/log") == before
    wait_until(lambda: any("the last good catalog is still served" in line for line in server.said))

    path.unlink()
    wait_until(lambda: server.get("/health")["status"] == "healthy")


def test_a_project_with_a_type_of_another_package_does_not_start(tmp_path: Path) -> None:
    make_project(tmp_path, "log")

    done = bud("serve", "--reload", "--root", str(tmp_path))

    assert done.returncode == 1
    assert "integration/log.yaml:1:1: error[duplicate-action] `log` is also claimed by bud-actions" in done.stderr


def test_a_new_action_runs_and_is_checked_by_its_executor(server: Server) -> None:
    write_action(server.root, "wave", action("wave"))
    path = server.root / "actions/acme_actions/integration/wave.py"
    wait_until(path.exists)
    path.write_text(EXECUTOR.format(package="acme").replace("greet", "wave") + CHECK)
    body = {"action_type": "wave", "params": {"person": "Ada"}}

    wait_until(lambda: server.process.post("/actions/validate", body)["errors"] == ["not Ada"])


CHECK = """
    def validate_params(self, params):
        return ["not Ada"]
"""


# Executors.

EXECUTOR = """\
from bud_actions.base import ActionContext, TypedExecutor
from {package}_generated.integration.greet import Outputs, Params


class Executor(TypedExecutor[Params, Outputs]):
    async def run(self, params: Params, context: ActionContext) -> Outputs:
        return Outputs(text="hello")
"""


def write_executor(server: Server, text: str) -> None:
    (server.root / "actions/acme_actions/integration/greet.py").write_text(text)


TYPED = "from bud_actions.base import TypedExecutor\nclass Executor(TypedExecutor):\n"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def f(:\n", "greet.py:1:7: error: this is not Python: "),
        ("x = 1\n", "greet.py:1:1: error: there is no class Executor; "),
        (f"{TYPED}  pass\n", "greet.py:2:7: error: Executor has no method run; "),
        (f"{TYPED}  def run(self, p, c): ...\n", "greet.py:3:7: error: run of Executor "),
        (f"{TYPED}  async def run(self, p): ...\n", "error: run of Executor "),
    ],
)
def test_a_broken_executor_is_a_problem_until_it_is_mended(server: Server, text: str, said: str) -> None:
    write_executor(server, text)
    wait_until(lambda: server.get("/health")["status"] == "degraded")

    (problem,) = server.get("/health")["problems"]
    assert said in problem
    assert any(problem in line for line in server.said)
    assert "greet" in server.types()

    write_executor(server, EXECUTOR.format(package="acme"))
    wait_until(lambda: server.get("/health")["status"] == "healthy")


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ("import nowhere_at_all\n", "ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("raise SystemError('no')\n", "SystemError: no"),
        ("from acme_actions.nowhere import Executor\n", "ModuleNotFoundError"),
    ],
)
def test_an_executor_that_cannot_be_imported_is_a_problem_and_the_last_good_one_stays_in_use(
    server: Server, broken: str, said: str
) -> None:
    good = EXECUTOR.format(package="acme")
    write_executor(server, good)
    wait_until(lambda: outputs(server) == {"text": "hello"})

    write_executor(server, broken + good.replace("hello", "broken"))
    wait_until(lambda: server.get("/health")["status"] == "degraded")
    (problem,) = server.get("/health")["problems"]
    assert problem.startswith("actions/acme_actions/integration/greet.py:1:1: error: the executor of greet")
    assert said in problem
    assert outputs(server) == {"text": "hello"}

    write_executor(server, good.replace("hello", "mended"))
    wait_until(lambda: server.get("/health")["status"] == "healthy")
    assert outputs(server) == {"text": "mended"}


def outputs(server: Server) -> Any:
    return server.process.post("/actions/greet/execute", {"params": {"person": "Ada"}})["outputs"]


def test_an_executor_that_was_never_right_is_a_problem_too(tmp_path: Path) -> None:
    make_project(tmp_path, "greet")
    path = tmp_path / "actions/acme_actions/integration/greet.py"
    path.write_text("raise SystemError('no')\n" + EXECUTOR.format(package="acme"))
    with running("--reload", "--root", str(tmp_path)) as process:
        wait_until(lambda: is_up(process) and process.get("/health")["problems"])
        assert "SystemError: no" in process.get("/health")["problems"][0]

        path.write_text(EXECUTOR.format(package="acme"))
        wait_until(lambda: process.get("/health")["status"] == "healthy")


def test_listeners_hear_of_a_broken_executor(server: Server) -> None:
    with urllib.request.urlopen(f"{server.url}/actions/events", timeout=30) as stream:
        assert _event(stream) == "catalog"
        write_executor(server, "def f(:")
        assert _event(stream) == "problems"
        write_executor(server, EXECUTOR.format(package="acme"))
        assert _event(stream) == "problems"


HELPER = "WORD = {word!r}\n"
IN_USE = """\
from bud_actions.base import ActionResult, BaseActionExecutor
from {package}.words import WORD


class Executor(BaseActionExecutor):
    async def execute(self, context):
        return ActionResult(success=True, outputs={{"text": WORD + "{mark}"}})
"""


@pytest.fixture
def used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[ActionRegistry, Path]]:
    """A registry of two actions whose executors share a helper, and the folder of their package."""
    folder = tmp_path / "edited_actions"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "words.py").write_text(HELPER.format(word="one"))
    (folder / "alone.py").write_text("from bud_actions.base import BaseActionExecutor\n" + ALONE)
    (folder / "greet.py").write_text(IN_USE.format(package="edited_actions", mark="!"))
    monkeypatch.syspath_prepend(str(tmp_path))
    invalidate_caches()
    entries = {each: _entry(each) for each in ("greet", "alone")}
    package = ActionPackage(
        distribution="edited", version="1", entry="edited", style="catalog", entries=entries, categories=(), digest=""
    )
    yield ActionRegistry(Discovery(packages=(package,), broken=())), folder
    for name in [name for name in sys.modules if name.startswith("edited_actions")]:
        del sys.modules[name]


ALONE = """

class Executor(BaseActionExecutor):
    async def execute(self, context):
        raise NotImplementedError
"""


def _entry(action_type: str) -> dict[str, Any]:
    meta = {"type": action_type, "aliases": [], "version": "1.0.0"}
    return {"source": action_type, "executor": f"edited_actions.{action_type}:Executor", "meta": meta}


def _greeting(registry: ActionRegistry) -> Any:
    return asyncio.run(registry.get_executor("greet").execute(ActionContext(params={}))).outputs["text"]


def test_an_edited_module_is_used_by_those_who_import_it_and_by_no_others(used: tuple[ActionRegistry, Path]) -> None:
    registry, folder = used
    assert _greeting(registry) == "one!"
    former, alone = registry.get_executor("greet"), registry.get_executor("alone")

    (folder / "words.py").write_text(HELPER.format(word="two"))  # same second, same size
    assert registry.reload(["edited_actions.words"]) == ["greet"]

    assert _greeting(registry) == "two!"
    assert registry.get_executor("greet") is not former
    assert registry.get_executor("alone") is alone


@pytest.mark.parametrize("broken", ["def f(:", "import edited_nowhere", "raise SystemError"])
def test_the_last_good_executor_stays_in_use(used: tuple[ActionRegistry, Path], broken: str) -> None:
    registry, folder = used
    former, module = registry.get_executor("greet"), sys.modules["edited_actions.words"]

    (folder / "words.py").write_text(broken)
    with pytest.raises(ExecutorError, match="the executor of greet"):
        registry.reload(["edited_actions.words"])

    assert registry.get_executor("greet") is former
    assert sys.modules["edited_actions.words"] is module
    assert _greeting(registry) == "one!"


def test_an_executor_that_is_not_in_use_is_not_imported(used: tuple[ActionRegistry, Path]) -> None:
    registry, _ = used

    assert registry.reload(["edited_actions.greet"]) == []
    assert "edited_actions.greet" not in sys.modules


# No mixture.

PATHS = (
    "/actions",
    "/actions?q=edit",
    "/actions/greet",
    "/budpipeline/actions",
    "/actions/greet/schema",
    "/openapi.json",
)


def test_no_answer_mixes_two_catalogs(server: Server) -> None:
    seen: list[tuple[str, str, set[str]]] = []
    is_over = threading.Event()

    def ask(path: str) -> None:
        while not is_over.is_set():
            with urllib.request.urlopen(f"{server.url}{path}", timeout=20) as answer:
                etag, digest = answer.headers["ETag"], answer.headers["X-Bud-Catalog"]
                seen.append((etag, digest, set(re.findall(r"Edit \d+\.", answer.read().decode()))))

    threads = [threading.Thread(target=ask, args=[path]) for path in PATHS]
    for thread in threads:
        thread.start()
    for number in range(20):
        edit = f"Edit {number}."
        text = action().replace("Says hello.", edit).replace("Who is greeted.", edit)
        write_action(server.root, "greet", text)
        wait_until(lambda edit=edit: server.get("/actions/greet")["description"] == edit)  # type: ignore[misc]
    is_over.set()
    for thread in threads:
        thread.join()

    edits: dict[str, set[str]] = {}
    for etag, digest, found in seen:
        assert etag == f'"{digest}"'
        edits.setdefault(digest, set()).update(found)
    assert all(len(found) <= 1 for found in edits.values())
    assert len({edit for found in edits.values() for edit in found}) > 10
