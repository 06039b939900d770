"""`bud fmt` as a person meets it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.project import action, bud, make_project, write_action

MIXED_UP = (
    action("wave").replace("type: wave\n", "").replace("name: Greet\n", "name: Greet\n# what it is\ntype: wave\n")
)
PATH = "actions/acme_actions/integration/wave.yaml"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    make_project(tmp_path, "greet", "wave")
    write_action(tmp_path, "wave", MIXED_UP)
    return tmp_path


def test_keys_are_put_in_order_and_other_files_are_not_touched(project: Path) -> None:
    greet = project / "actions/acme_actions/integration/greet.yaml"
    os.utime(greet, (1, 1))

    done = bud("fmt", cwd=project)

    assert (done.returncode, done.stdout) == (0, f"{PATH}: formatted\naction files: 1 to format, 1 in order\n")
    assert (project / PATH).read_text() == action("wave").replace("type: wave\n", "# what it is\ntype: wave\n")
    assert greet.stat().st_mtime == 1
    assert bud("fmt", cwd=project).stdout == "action files: 2 in order\n"


def test_check_names_what_would_change_and_writes_nothing(project: Path) -> None:
    done = bud("fmt", "--check", "--diff", cwd=project)

    assert done.returncode == 1
    assert done.stdout.startswith(f"{PATH}: not formatted; run bud fmt\n--- a/{PATH}\n+++ b/{PATH}\n@@")
    assert "\n+# what it is\n+type: wave\n" in done.stdout
    assert (project / PATH).read_text() == MIXED_UP


def test_a_file_that_does_not_load_is_reported_and_the_others_are_formatted(project: Path) -> None:
    write_action(project, "greet", "params: [")

    done = bud("fmt", cwd=project)

    assert done.returncode == 1
    assert "greet.yaml:2:1: error[yaml-syntax]" in done.stderr
    assert done.stdout == f"{PATH}: formatted\naction files: 1 unreadable, 1 to format\n"
    assert (project / "actions/acme_actions/integration/greet.yaml").read_text() == "params: ["


def test_what_is_wrong_in_another_way_is_formatted_too(project: Path) -> None:
    write_action(project, "wave", MIXED_UP.replace("type: string", "type: strng"))

    assert bud("fmt", cwd=project).stdout.startswith(f"{PATH}: formatted\n")


@pytest.mark.parametrize("chosen", [[PATH], ["actions"], ["."], [PATH, "actions"]])
def test_paths_choose_files_and_folders(project: Path, chosen: list[str]) -> None:
    assert f"{PATH}: formatted" in bud("fmt", *chosen, cwd=project).stdout


def test_what_is_not_chosen_stays(project: Path) -> None:
    assert bud("fmt", PATH.replace("wave", "greet"), cwd=project).stdout == "action files: 1 in order\n"
    assert (project / PATH).read_text() == MIXED_UP


@pytest.mark.parametrize(
    ("prepare", "arguments", "code", "said"),
    [
        (lambda folder: None, ["nowhere.yaml"], 2, "nowhere.yaml is no action file of "),
        (lambda folder: [each.unlink() for each in folder.rglob("*.yaml")], [], 1, "error[no-actions]"),
        (lambda folder: [each.unlink() for each in folder.rglob("*.yaml")], ["--check"], 1, "error[no-actions]"),
        (lambda folder: (folder / PATH).write_bytes(b"\xff"), [], 1, "file is not UTF-8 text"),
        (lambda folder: (folder / PATH).write_bytes(b""), [], 1, "file is empty"),
    ],
)
def test_where_nothing_can_be_formatted_it_fails(
    project: Path, prepare: Callable[[Path], object], arguments: list[str], code: int, said: str
) -> None:
    prepare(project)

    done = bud("fmt", *arguments, cwd=project)

    assert done.returncode == code
    assert said in done.stderr


def test_a_new_action_is_formatted(tmp_path: Path) -> None:
    make_project(tmp_path)
    bud("new", "greet", "--category", "Integration", cwd=tmp_path)
    bud("new", "wave", "--category", "Integration", "--event-driven", cwd=tmp_path)

    assert bud("fmt", "--check", cwd=tmp_path).stdout == "action files: 2 in order\n"
