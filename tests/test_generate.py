"""`bud generate`: what it writes, what it never writes, and what `--check` tells apart."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from bud_codegen import run
from bud_codegen.load import Source
from bud_codegen.problem import InvalidActionsError
from bud_codegen.workspace import Workspace, WorkspaceError, open_workspace
from tests.support.project import action, make_project, write_action

EXECUTOR = "actions/acme_actions/integration/greet.py"
MODULE = "generated/python/acme_generated/integration/greet.py"


def generate(workspace: Workspace, *targets: str) -> list[str]:
    lines: list[str] = []
    run.generate(workspace, targets or run.ALL_TARGETS, lines.append, stats=False)
    return lines


def check(workspace: Workspace, *targets: str) -> tuple[bool, list[str]]:
    lines: list[str] = []
    return run.check(workspace, targets or run.ALL_TARGETS, lines.append), lines


def snapshot(root: Path) -> dict[str, tuple[bytes, int]]:
    files = (path for path in root.rglob("*") if path.is_file() and ".bud" not in path.parts)
    return {str(path.relative_to(root)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


@pytest.fixture
def project(tmp_path: Path) -> Workspace:
    workspace = make_project(tmp_path, "greet", "wave")
    generate(workspace)
    return workspace


def test_a_fresh_project_is_as_generated(project: Workspace) -> None:
    ok, lines = check(project)

    assert ok
    assert lines == ["2 actions, 27 files: all as generated"]


def test_every_target_is_written(project: Workspace) -> None:
    for path in (
        MODULE,
        "generated/python/acme_generated/catalog.json",
        "generated/openapi/openapi.json",
        "generated/typescript/package.json",
        "generated/docs/greet.md",
        "generated/editor/action.schema.json",
        "generated/actions.lock.json",
        EXECUTOR,
        "tests/actions/test_greet.py",
    ):
        assert (project.root / path).is_file(), path


def test_a_second_run_changes_nothing_and_keeps_modification_times(project: Workspace) -> None:
    before = snapshot(project.root)

    assert generate(project) == ["unchanged"]
    (project.root / ".bud/generate.json").unlink()
    assert generate(project) == ["2 actions, 27 files, 0 written"]
    assert snapshot(project.root) == before


def test_one_edit_writes_only_what_depends_on_it(project: Workspace) -> None:
    before = snapshot(project.root)
    write_action(project.root, "greet", action(param="friend"))

    generate(project)

    changed = {path for path, seen in snapshot(project.root).items() if before.get(path) != seen}
    assert "generated/docs/wave.md" not in changed
    assert "generated/python/acme_generated/integration/wave.py" not in changed
    assert {MODULE, "generated/docs/greet.md", "generated/actions.lock.json"} <= changed
    assert EXECUTOR not in changed


def _stale(root: Path) -> None:
    write_action(root, "greet", action(param="friend"))


def _missing(root: Path) -> None:
    (root / MODULE).unlink()


def _orphaned(root: Path) -> None:
    (root / "actions/acme_actions/integration/greet.yaml").unlink()


def _hand_edited(root: Path) -> None:
    (root / MODULE).write_text("# mine\n")


@pytest.mark.parametrize(
    ("harm", "kind", "remedy"),
    [
        (_stale, "stale", "run make generate, and commit the result"),
        (_missing, "missing", "run make generate, and commit it"),
        (_orphaned, "orphaned", "its action is gone; make generate deletes it"),
        (_hand_edited, "hand-edited", "change its action file instead; make generate overwrites it"),
    ],
)
def test_check_tells_what_is_wrong_with_a_file(
    project: Workspace, harm: Callable[[Path], None], kind: str, remedy: str
) -> None:
    harm(project.root)
    before = snapshot(project.root)

    ok, lines = check(project)

    assert not ok
    assert f"{MODULE}: {kind}; {remedy}" in lines
    assert snapshot(project.root) == before
    generate(project)
    assert check(project)[0]


def test_check_reports_a_stray_file(project: Workspace) -> None:
    (project.root / "generated/docs/notes.md").write_text("mine\n")

    ok, lines = check(project)

    assert not ok
    assert "generated/docs/notes.md: orphaned; bud did not write it as it is" in "\n".join(lines)
    assert any("notes.md" in line for line in generate(project) if line.startswith("note:"))
    assert (project.root / "generated/docs/notes.md").read_text() == "mine\n"


def test_a_folder_without_action_files_is_left_alone(project: Workspace) -> None:
    shared = project.root / project.project.actions / "platform"
    shared.mkdir()
    (shared / "calls.py").write_text('"""What executors share."""\n')

    assert generate(project) == ["unchanged"]
    assert check(project)[0]


def test_check_reports_a_missing_executor(project: Workspace) -> None:
    (project.root / EXECUTOR).unlink()

    ok, lines = check(project)

    assert not ok
    assert lines[0].startswith(f"{EXECUTOR}: missing; ")


def test_check_of_nothing_fails(tmp_path: Path) -> None:
    workspace = make_project(tmp_path)

    with pytest.raises(InvalidActionsError) as raised:
        check(workspace)

    assert [problem.rule for problem in raised.value.problems] == ["no-actions"]


class EditedMeanwhile(Workspace):
    """A project whose person saves an action file while the generator is at work."""

    def read_sources(self) -> dict[str, Source]:
        found = super().read_sources()
        write_action(self.root, "greet", action(param="friend"))
        return found


def test_an_edit_during_a_run_is_seen_by_the_next(project: Workspace) -> None:
    write_action(project.root, "greet", action(param="people"))
    generate(EditedMeanwhile(project.root, project.project))
    assert "people" in (project.root / "generated/docs/greet.md").read_text()

    generate(project)

    assert "friend" in (project.root / "generated/docs/greet.md").read_text()


def test_check_never_believes_the_memory_of_an_earlier_run(project: Workspace) -> None:
    memory = project.root / ".bud/generate.json"
    remembered = json.loads(memory.read_text())
    _hand_edited(project.root)
    status = (project.root / MODULE).stat()
    remembered["outputs"][MODULE] = [status.st_size, status.st_mtime_ns, status.st_ctime_ns]
    memory.write_text(json.dumps(remembered))

    assert not check(project)[0]


def test_a_problem_leaves_everything_as_it_was(project: Workspace) -> None:
    write_action(project.root, "greet", action(param="friend"))
    write_action(project.root, "wave", "type: [")
    before = snapshot(project.root)

    with pytest.raises(InvalidActionsError):
        generate(project)

    assert snapshot(project.root) == before


def test_an_edited_executor_survives_twenty_regenerations(project: Workspace) -> None:
    executor = project.root / EXECUTOR
    executor.write_text(executor.read_text().replace("raise NotImplementedError", "return Outputs(text='hi')  # mine"))
    mine = executor.read_bytes()

    for number in range(20):
        mode = "event_driven" if number % 2 else "sync"
        write_action(project.root, "greet", action(mode=mode, param=f"person_{number}"))
        generate(project)
        assert executor.read_bytes() == mine

    assert check(project)[0]


def test_a_first_version_that_nobody_edited_is_refreshed(project: Workspace) -> None:
    write_action(project.root, "greet", action(mode="event_driven"))

    assert f"{EXECUTOR}: stale; nobody has edited it yet: run make generate to refresh it" in check(project)[1]
    generate(project)

    assert "on_event" in (project.root / EXECUTOR).read_text()


def test_a_deleted_test_stays_deleted(project: Workspace) -> None:
    (project.root / "tests/actions/test_greet.py").unlink()
    write_action(project.root, "greet", action(param="friend"))

    generate(project)

    assert not (project.root / "tests/actions/test_greet.py").exists()
    assert check(project)[0]


def test_files_of_a_removed_action_are_deleted_unless_edited(project: Workspace) -> None:
    (project.root / "generated/docs/greet.md").write_text("edited\n")
    _orphaned(project.root)

    lines = generate(project)

    assert f"deleted {MODULE}" in lines
    assert not (project.root / MODULE).exists()
    assert (project.root / "generated/docs/greet.md").read_text() == "edited\n"
    assert not (project.root / EXECUTOR).exists()


def test_an_edited_executor_of_a_removed_action_is_kept_and_named(project: Workspace) -> None:
    (project.root / EXECUTOR).write_text("# mine\n")
    _orphaned(project.root)

    assert f"{EXECUTOR}: orphaned; its action is gone: delete it, or move it away" in check(project)[1]
    assert any(line.startswith(f"note: {EXECUTOR}: belongs to no action") for line in generate(project))
    assert (project.root / EXECUTOR).read_text() == "# mine\n"


def test_a_file_that_cannot_be_read_does_not_hide_the_others(project: Workspace) -> None:
    (project.root / "actions/acme_actions/integration/lost.yaml").symlink_to("/nowhere")
    write_action(project.root, "wave", "type: [")

    with pytest.raises(InvalidActionsError) as raised:
        generate(project)

    assert [problem.place.path.rpartition("/")[2] for problem in raised.value.problems] == ["lost.yaml", "wave.yaml"]


def test_folders_left_empty_are_removed(tmp_path: Path) -> None:
    workspace = make_project(tmp_path, "greet")
    other = tmp_path / "actions/acme_actions/model/tune.yaml"
    other.parent.mkdir()
    other.write_text(action("model_tune"))
    generate(workspace)

    other.unlink()
    generate(workspace)

    assert not (tmp_path / "generated/python/acme_generated/model").exists()


def test_only_some_targets(tmp_path: Path) -> None:
    workspace = make_project(tmp_path, "greet")

    generate(workspace, "docs")

    assert (tmp_path / "generated/docs/greet.md").exists()
    assert not (tmp_path / "generated/python").exists()
    assert check(workspace, "docs")[0]
    generate(workspace)
    assert check(workspace)[0]


def test_only_some_targets_leave_the_others_recorded(project: Workspace) -> None:
    write_action(project.root, "greet", action(param="friend"))

    generate(project, "docs")

    assert f"{MODULE}: stale; run make generate, and commit the result" in check(project)[1]


def test_a_damaged_lock_says_what_to_do(project: Workspace) -> None:
    (project.root / "generated/actions.lock.json").write_text("<<<<<<< ours\n")
    write_action(project.root, "greet", action(param="friend"))

    with pytest.raises(WorkspaceError, match=r"delete it and run bud generate"):
        generate(project)
    (project.root / "generated/actions.lock.json").unlink()
    generate(project)

    assert check(project)[0]


def test_a_run_cut_short_is_finished_by_the_next(project: Workspace) -> None:
    write_action(project.root, "greet", action(param="friend"))
    old_lock = (project.root / "generated/actions.lock.json").read_bytes()
    generate(project)
    (project.root / "generated/actions.lock.json").write_bytes(old_lock)
    (project.root / MODULE).unlink()

    generate(project)

    assert check(project)[0]


def test_the_project_around_the_working_directory_is_found(project: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project.root / "actions/acme_actions/integration")

    assert open_workspace(None) == project


def test_a_prefix_that_is_no_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.bud]\nprefix = "my-actions"\n')

    with pytest.raises(WorkspaceError, match="prefix must be a Python name"):
        open_workspace(tmp_path)
