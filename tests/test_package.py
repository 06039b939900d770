"""A package of one's own, from `bud init` to a server that has it and has it no longer."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.environment import Environment, ask, build_wheel, server_environment
from tests.support.project import bud

ROOT = Path(__file__).parent.parent
GUIDE = (ROOT / "docs/action-packages.md").read_text()
NAMES = ("my-actions", "acme-greetings")
"""The distributions that tests here install."""


@pytest.fixture
def environment(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """Lend the environment of the server; what a test installs into it is taken away."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    home = tmp_path / "home"
    home.mkdir()
    for each in server_environment(shared / "server", home):
        yield each
        each.uninstall(*NAMES)


def schema_first(folder: Path) -> Path:
    """Start a package, add an action as the guide does, and return its wheel."""
    assert bud("init", "my-actions", cwd=folder).returncode == 0
    package = folder / "my-actions"
    assert bud("new", "greet", "--category", "Integration", cwd=package).returncode == 0
    (executor,) = re.findall(r"```python\n# (\S+)\n(.*?)```", GUIDE, re.DOTALL)
    assert "NotImplementedError" in (package / executor[0]).read_text()
    (package / executor[0]).write_text(executor[1])
    checked = bud("generate", "--check", cwd=package)
    assert checked.returncode == 0, checked.stdout
    return build_wheel(package, folder / "my-wheels")


def class_style(folder: Path) -> Path:
    """Return the wheel of a package whose action is a class."""
    package = shutil.copytree(ROOT / "tests/class_style/acme_greetings", folder / "acme-greetings")
    return build_wheel(package, folder / "acme-wheels")


@pytest.mark.parametrize(
    ("make", "distribution", "action_type", "answer"),
    [
        (schema_first, "my-actions", "greet", "Hello, nice to meet you"),
        (class_style, "acme-greetings", "acme_greet", "Hello from a class"),
    ],
)
def test_an_installed_package_is_served_and_an_uninstalled_one_is_gone(
    environment: Environment,
    tmp_path: Path,
    make: Callable[[Path], Path],
    distribution: str,
    action_type: str,
    answer: str,
) -> None:
    environment.install(make(tmp_path))

    with environment.serving() as url:
        listed = {each["type"]: each for each in ask(f"{url}/actions")["actions"]}
        good = ask(f"{url}/actions/validate", {"action_type": action_type, "params": {"message": "Hello"}})
        bad = ask(f"{url}/actions/validate", {"action_type": action_type, "params": {}})
    assert listed.keys() >= {action_type, "log"}
    assert listed[action_type].keys() == listed["log"].keys()
    assert good["valid"]
    assert not bad["valid"]
    assert environment.execute(action_type, {"message": "Hello"}) == {"message": answer}
    assert action_type in environment.run("bud", "list", "--package", distribution).stdout

    environment.uninstall(distribution)
    with environment.serving() as url:
        listed = {each["type"]: each for each in ask(f"{url}/actions")["actions"]}
    assert "log" in listed
    assert action_type not in listed
    assert distribution in environment.run("bud", "list", "--package", distribution).stderr


def test_a_broken_package_stops_the_server_unless_the_rest_may_be_served(
    environment: Environment, tmp_path: Path
) -> None:
    environment.install(schema_first(tmp_path))
    environment.install(class_style(tmp_path))
    whole = environment.run("bud", "doctor")
    (catalog,) = environment.folder.glob("lib/*/site-packages/my_generated/catalog.json")
    catalog.write_text(catalog.read_text().replace("What to say.", "What to shout."))

    refused = environment.run("bud", "serve")
    with environment.serving("--allow-broken") as url:
        listed = {each["type"] for each in ask(f"{url}/actions")["actions"]}
        broken = ask(f"{url}/health")["broken"]
    told = environment.run("bud", "doctor")
    facts = json.loads(environment.run("bud", "doctor", "--format", "json").stdout)

    assert whole.returncode == 0, whole.stdout
    for line in (
        r"ok      extra codegen +without datamodel-code-generator, .*pip install 'bud-actions\[codegen\]'",
        r"ok      extra server +installed",
        r"ok      my-actions 0\.1\.0 +my = my_generated, schema-first, 2 actions, /.*/my_generated",
        r"ok      acme-greetings 2\.0\.0 +acme_greet = acme_greetings:AcmeGreet, class-style, 1 action, /.*\.py",
        "healthy",
    ):
        assert re.search(f"^{line}$", whole.stdout, re.MULTILINE), whole.stdout

    assert refused.returncode == 1
    assert "my-actions 0.1.0, entry my" in refused.stderr
    assert listed >= {"log", "acme_greet"}
    assert not {"greet", "my_hello"} & listed
    assert [each["distribution"] for each in broken] == ["my-actions 0.1.0"]

    assert told.returncode == 1
    assert told.stdout.endswith("broken: my-actions 0.1.0\n")
    assert f"{catalog} is damaged" in told.stdout
    assert f"{catalog} has changed since it was installed; install my-actions anew" in told.stdout
    assert not facts["healthy"]
    assert [each["name"] for each in facts["findings"] if each["problems"]] == ["my-actions 0.1.0"]


@pytest.mark.parametrize(
    "command",
    [["init", "my-actions"], ["new", "greet", "--category", "Integration"], ["generate"], ["serve", "--reload"]],
)
def test_without_the_generator_nothing_is_begun(environment: Environment, command: list[str]) -> None:
    done = environment.run("bud", *command)

    assert done.returncode == 2
    assert done.stderr == "error: this needs the extra codegen: pip install 'bud-actions[codegen]'\n"
    assert not list(environment.home.iterdir())


def _run(command: list[str], folder: Path, **variables: str) -> str:
    environment = {**os.environ, **variables}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_new_package_is_whole_and_its_test_passes(tmp_path: Path) -> None:
    done = bud("init", "Two.Word-actions", cwd=tmp_path)
    package = tmp_path / "Two.Word-actions"
    project = tomllib.loads((package / "pyproject.toml").read_text())

    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("Two.Word-actions is there; next: cd Two.Word-actions && make check\n")
    assert project["project"]["entry-points"] == {"budpipeline.actions": {"two_word": "two_word_generated"}}
    for folder in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]:
        assert (package / folder / "__init__.py").is_file()
        assert (package / folder / "py.typed").is_file()
    assert bud("generate", "--check", cwd=package).returncode == 0
    assert bud("lint", cwd=package).returncode == 0
    paths = os.pathsep.join(str(package / each) for each in project["tool"]["hatch"]["build"]["dev-mode-dirs"])
    tested = _run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], package, PYTHONPATH=paths)
    assert "1 passed" in tested


def test_the_targets_of_the_makefile(tmp_path: Path) -> None:
    bud("init", "my-actions", cwd=tmp_path)
    told = _run(["make", "--no-print-directory", "help"], tmp_path / "my-actions")

    assert re.findall(r"make (\w+)", told) == ["help", "setup", "generate", "check", "test", "build"]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    (tmp_path / "my-actions").mkdir()

    assert bud("init", "my-actions", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("full", "full is already there and not an empty folder; nothing was written"),
        ("file", "file is already there and not an empty folder; nothing was written"),
        ("my actions", "my actions is not a distribution name"),
        ("../mine", "../mine is not a distribution name"),
        ("mine-", "mine- is not a distribution name"),
        ("", "is not a distribution name"),
        ("mine\n", "is not a distribution name"),
        ("3d-actions", "does not start with a letter"),
        ("Bud_Actions", "would be those of bud-actions"),
        ("a" * 300, "cannot be written: File name too long"),
    ],
)
def test_wrong_use_writes_nothing(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full/kept.txt").write_text("kept")
    (tmp_path / "file").write_text("kept")
    before = sorted(tmp_path.rglob("*"))

    done = bud("init", name, cwd=tmp_path)

    assert done.returncode == 2
    assert said in done.stderr
    assert sorted(tmp_path.rglob("*")) == before
