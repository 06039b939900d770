"""`bud rename` moves an action and what names it, and keeps the old type working."""

from pathlib import Path

import pytest

from bud_codegen.edit.action_file import EditError
from bud_codegen.edit.change import Change
from bud_codegen.edit.rename import rename_action
from bud_codegen.edit.store import store
from bud_codegen.workspace import Workspace, WorkspaceError
from tests.edit.support import ACME, GREET, GREET_PATH, SOURCES
from tests.support.project import bud, make_project

EXECUTOR = '''\
"""Executor of greet."""

from acme_actions.integration.greeting import hello
from acme_generated.integration.greet import (
    Outputs,
    Params,
)


class Executor:
    """Performs greet. Politely."""
'''
TEST = '''\
"""Tries greet."""

import acme_actions.integration.greet as greeting
from acme_actions.integration.greet import Executor

NAME = "greet"
'''
MODULES = {
    "actions/acme_actions/integration/greet.py": EXECUTOR.encode(),
    "tests/actions/test_greet.py": TEST.encode(),
    "tests/test_all.py": b"from acme_actions.integration.greet import Executor\n",
}


def renamed(old: str, new: str, sources: dict[str, str] = SOURCES) -> Change:
    return rename_action(ACME, sources, MODULES, old, new)


def test_the_files_of_an_action_move_and_name_each_other() -> None:
    change = renamed("greet", "salute")

    assert change.moved == {
        path: path.replace("greet", "salute") for path in (GREET_PATH, *MODULES) if path != "tests/test_all.py"
    }
    assert change.after[GREET_PATH.replace("greet", "salute")].decode() == GREET.replace(
        'type: greet\nversion: "1.4.2"', 'type: salute\nversion: "1.5.0"'
    ).replace("# the end", "aliases: [greet]\n# the end")
    executor, test = (change.after[path.replace("greet", "salute")].decode() for path in list(MODULES)[:2])
    assert executor == EXECUTOR.replace("Executor of greet.", "Executor of salute.").replace(
        "generated.integration.greet", "generated.integration.salute"
    )
    assert test == TEST.replace("Tries greet", "Tries salute").replace("integration.greet", "integration.salute")
    assert change.notes == (
        'tests/actions/test_salute.py:6: still says greet: NAME = "greet"',
        "tests/test_all.py:1: still says greet: from acme_actions.integration.greet import Executor",
    )


def test_what_imports_the_module_otherwise_is_noted() -> None:
    path = "actions/acme_actions/integration/help.py"
    lines = [
        "from acme_actions.integration import hello, greet",
        "from .greet import Executor",
        "from . import greeting",
    ]
    modules = {**MODULES, path: "\n".join(lines).encode()}
    notes = rename_action(ACME, SOURCES, modules, "greet", "salute").notes
    assert [note for note in notes if note.startswith(path)] == [
        f"{path}:1: still says greet: {lines[0]}",
        f"{path}:2: still says greet: {lines[1]}",
    ]


def test_the_folder_need_not_be_part_of_the_file_name() -> None:
    change = renamed("greet", "integration_salute")

    assert change.moved[GREET_PATH] == GREET_PATH.replace("greet", "salute")
    assert change.moved["tests/actions/test_greet.py"] == "tests/actions/test_integration_salute.py"


def test_a_name_that_leads_to_the_same_path_moves_only_the_test() -> None:
    change = renamed("greet", "integration_greet")

    assert change.moved == {"tests/actions/test_greet.py": "tests/actions/test_integration_greet.py"}
    assert change.after[GREET_PATH].startswith(b"# yaml-language-server: $schema=x.json\ntype: integration_greet\n")


@pytest.mark.parametrize(
    ("aliases", "new", "kept"),
    [
        ("aliases: [hello]\n", "salute", "aliases: [hello, greet]\n"),
        ("aliases: []\n", "salute", "aliases: [greet]\n"),
        ("aliases:\n  - hello # once\n", "salute", "aliases:\n  - hello # once\n  - greet\n"),
        ("aliases: ['hello', salute]\n", "salute", "aliases: ['hello', greet]\n"),
    ],
)
def test_the_old_type_becomes_an_alias(aliases: str, new: str, kept: str) -> None:
    change = renamed("greet", new, {GREET_PATH: GREET.replace("# the end\n", aliases)})

    assert change.after[GREET_PATH.replace("greet", new)].decode().endswith(kept)


def test_older_versions_move_along() -> None:
    older = GREET_PATH.replace(".yaml", ".v1.yaml")
    sources = {older: GREET, GREET_PATH: GREET.replace("1.4.2", "2.0.0")}
    executor = {"actions/acme_actions/integration/greet_v1.py": b'"""Executor of greet@1."""\n'}

    change = rename_action(ACME, sources, executor, "greet", "salute")

    assert change.moved[older] == older.replace("greet", "salute")
    assert change.after["actions/acme_actions/integration/salute_v1.py"] == b'"""Executor of salute@1."""\n'
    assert b'type: salute\nversion: "1.5.0"' in change.after[older.replace("greet", "salute")]
    assert b'type: salute\nversion: "2.1.0"' in change.after[GREET_PATH.replace("greet", "salute")]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("gret", "salute", "there is no action gret; did you mean `greet`?"),
        ("greet", "wave", "wave is what actions/acme_actions/integration/wave.yaml defines already"),
        ("greet", "greet", "greet is what actions/acme_actions/integration/greet.yaml defines already"),
        ("greet", "Salute", "Salute is not an action type"),
        ("greet", "class", "class cannot be the name of a Python module"),
    ],
)
def test_what_cannot_be_renamed(old: str, new: str, said: str) -> None:
    with pytest.raises(EditError) as caught:
        renamed(old, new)

    assert said in str(caught.value)


def snapshot(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def written(folder: Path) -> tuple[Workspace, Change]:
    workspace = make_project(folder, "greet", "wave")
    return workspace, rename_action(workspace.project, workspace.read_sources(), {}, "greet", "salute")


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    workspace, change = written(tmp_path)
    (tmp_path / "actions/acme_actions/integration/salute.yaml").mkdir()
    before = snapshot(tmp_path)

    with pytest.raises(WorkspaceError, match=r"salute\.yaml is already there; nothing was written"):
        store(workspace, change)

    assert snapshot(tmp_path) == before


def test_what_has_changed_meanwhile_is_not_overwritten(tmp_path: Path) -> None:
    workspace, change = written(tmp_path)
    (tmp_path / GREET_PATH).write_text("# mine\n")

    with pytest.raises(WorkspaceError, match="has changed meanwhile"):
        store(workspace, change)

    assert (tmp_path / GREET_PATH).read_text() == "# mine\n"


def test_a_failure_leaves_everything_as_it_was(tmp_path: Path) -> None:
    workspace, change = written(tmp_path)
    before = snapshot(tmp_path)
    nowhere = {**change.after, "nowhere/wave.yaml": b""}
    wave = GREET_PATH.replace("greet", "wave")
    broken = Change({**change.before, wave: before[wave]}, nowhere, {**change.moved, wave: "nowhere/wave.yaml"})

    with pytest.raises(WorkspaceError, match="everything is as it was"):
        store(workspace, broken)

    assert snapshot(tmp_path) == before


def test_permissions_move_along(tmp_path: Path) -> None:
    workspace, change = written(tmp_path)
    (tmp_path / GREET_PATH).chmod(0o600)

    store(workspace, change)

    assert (tmp_path / GREET_PATH.replace("greet", "salute")).stat().st_mode & 0o777 == 0o600
    assert not (tmp_path / GREET_PATH).exists()


def test_the_command_leaves_a_project_in_which_all_fits(tmp_path: Path) -> None:
    make_project(tmp_path, "greet", "wave")
    bud("generate", cwd=tmp_path)
    before = snapshot(tmp_path)

    shown = bud("rename", "greet", "salute", "--dry-run", cwd=tmp_path)
    assert snapshot(tmp_path) == before
    done = bud("rename", "greet", "salute", cwd=tmp_path)

    first = "moved actions/acme_actions/integration/greet.yaml to actions/acme_actions/integration/salute.yaml\n"
    assert shown.stdout.startswith(first)
    assert done.stdout.startswith(shown.stdout)
    assert bud("generate", "--check", cwd=tmp_path).returncode == 0
    assert bud("rename", "greet", "salut", cwd=tmp_path).returncode == 2
    assert not [path for path in snapshot(tmp_path) if "greet" in path]
