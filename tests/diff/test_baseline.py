"""What a project is compared with: refs, folders, installed distributions; and what cannot be."""

from pathlib import Path

import pytest

from bud_codegen.diff.baseline import Baseline, BaselineError, find_baseline
from bud_codegen.workspace import WorkspaceError, open_workspace
from tests.diff.repository import commit, git, make_repository
from tests.support.project import action, make_project, write_action


def baseline(folder: Path, against: str | None = None) -> Baseline:
    return find_baseline(open_workspace(folder), against, lambda _: None)


def types(found: Baseline) -> list[str]:
    return [each.type for each in found.side().catalog.actions]


def test_a_ref_is_read_as_it_was_committed(tmp_path: Path) -> None:
    folder = make_repository(tmp_path, "greet")
    digits = git(tmp_path, "rev-parse", "HEAD")[:7]
    write_action(folder, "wave", action("wave"))
    (folder / "actions/acme_actions/integration/greet.yaml").unlink()

    found = baseline(folder, "main")

    assert (found.name, types(found)) == (f"main ({digits})", ["greet"])
    assert baseline(folder, digits).name == digits
    assert git(tmp_path, "status", "--porcelain").splitlines() == [
        "D actions/acme_actions/integration/greet.yaml",
        "?? actions/acme_actions/integration/wave.yaml",
    ]


def test_the_project_may_be_a_subfolder_whose_name_has_spaces_and_lines(tmp_path: Path) -> None:
    folder = make_repository(tmp_path, "greet", project="my\nfirst: (project)*")
    write_action(folder, "two words", action("greet"))
    commit(tmp_path)

    paths = list(baseline(folder, "HEAD").sources)

    integration = "actions/acme_actions/integration"
    assert paths == [f"{integration}/greet.yaml", f"{integration}/two words.yaml"]


@pytest.mark.parametrize("name", ["a\nb.yaml", "ä b.yaml", "tab\t.yaml", '"quoted".yaml'])
def test_odd_file_names_are_read(tmp_path: Path, name: str) -> None:
    folder = make_repository(tmp_path, "greet")
    write_action(folder, name.removesuffix(".yaml"), action("greet"))
    commit(tmp_path)

    assert f"actions/acme_actions/integration/{name}" in baseline(folder, "HEAD").sources


def test_by_default_it_is_where_head_left_the_main_line(tmp_path: Path) -> None:
    folder = make_repository(tmp_path, "greet")
    parted = git(tmp_path, "rev-parse", "HEAD")[:7]
    git(tmp_path, "checkout", "-q", "-b", "change")
    commit(tmp_path)
    git(tmp_path, "checkout", "-q", "main")
    write_action(folder, "later", action("later"))
    commit(tmp_path)
    git(tmp_path, "checkout", "-q", "change")

    assert baseline(folder).name == f"the merge base with main ({parted})"
    git(tmp_path, "update-ref", "refs/remotes/origin/main", parted)
    assert baseline(folder).name == f"the merge base with origin/main ({parted})"


def test_without_a_main_line_it_is_head(tmp_path: Path) -> None:
    folder = make_repository(tmp_path, "greet")
    git(tmp_path, "branch", "-q", "-m", "trunk")
    assert baseline(folder).name.startswith("HEAD (")


def test_a_folder_and_an_installed_distribution_will_do(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "new", "greet").root
    old = make_project(tmp_path / "old", "wave", prefix="other").root

    assert types(baseline(folder, str(old))) == ["wave"]
    installed = baseline(folder, "bud-actions")
    assert installed.name.startswith("the installed bud-actions ")
    assert "model_add" in types(installed)
    assert installed.side().catalog.project.prefix == "bud"


def test_the_prefix_may_have_been_another_one(tmp_path: Path) -> None:
    folder = make_repository(tmp_path, "greet")
    make_project(folder, "greet", prefix="other")

    assert baseline(folder, "HEAD").project.prefix == "acme"


def cannot(folder: Path, against: str | None = None) -> str:
    with pytest.raises((BaselineError, WorkspaceError)) as raised:
        baseline(folder, against)
    return str(raised.value)


@pytest.mark.parametrize(
    "ref", ["nowhere", "-x", "--all", "--output=/tmp/x", "HEAD\nHEAD", "main..HEAD", ":/a", "HEAD:actions"]
)
def test_what_names_no_commit_is_refused_with_what_to_do(tmp_path: Path, ref: str) -> None:
    folder = make_repository(tmp_path, "greet")
    said = cannot(folder, ref)
    assert "is no git ref and no folder here, and no installed package" in said
    assert "git fetch origin " in said


def test_a_missing_remote_branch_says_what_to_fetch(tmp_path: Path) -> None:
    assert cannot(make_repository(tmp_path, "greet"), "origin/main").endswith("git fetch origin main")


def test_a_shallow_clone_says_how_to_deepen_it(tmp_path: Path) -> None:
    make_repository(tmp_path / "origin", "greet")
    commit(tmp_path / "origin")
    git(tmp_path, "clone", "-q", "--depth", "1", "--branch", "main", f"file://{tmp_path}/origin", "clone")
    git(tmp_path / "clone", "checkout", "-q", "--detach")

    assert "git fetch --unshallow" in cannot(tmp_path / "clone", "HEAD~1")
    git(tmp_path / "clone", "branch", "-q", "-D", "main")
    git(tmp_path / "clone", "update-ref", "-d", "refs/remotes/origin/main")
    assert "knows no main line: git fetch --unshallow" in cannot(tmp_path / "clone")


def test_unrelated_histories_have_no_merge_base(tmp_path: Path) -> None:
    folder = make_repository(tmp_path, "greet")
    git(tmp_path, "checkout", "-q", "--orphan", "other")
    write_action(folder, "wave", action("wave"))
    commit(tmp_path)
    assert "have no commit in common here; say what to compare with" in cannot(folder)


def test_nothing_is_not_compared(tmp_path: Path) -> None:
    folder = make_repository(tmp_path)
    write_action(folder, "greet", action())

    assert "has no action files in actions/acme_actions: there is nothing to compare" in cannot(folder, "HEAD")
    (tmp_path / "empty").mkdir()
    assert "has no action files in actions/bud_actions" in cannot(folder, str(tmp_path / "empty"))
    assert "is the project itself" in cannot(folder, str(folder))


def test_no_repository_and_no_commit_are_said(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "a", "greet").root
    assert "not a git repository" in cannot(folder)
    assert "not a git repository" in cannot(folder, "main")
    git(folder, "init", "-q")
    assert "there is no commit to compare with yet" in cannot(folder)


def test_without_git_folders_can_still_be_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, old = (make_project(tmp_path / name, "greet").root for name in ("new", "old"))
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))

    assert types(baseline(folder, str(old))) == ["greet"]
    assert "git is not installed" in cannot(folder)
    assert "git is not installed" in cannot(folder, "main")


def test_a_broken_pyproject_of_then_is_named(tmp_path: Path) -> None:
    folder = make_repository(tmp_path, "greet")
    (folder / "pyproject.toml").write_text("[tool.bud\n")
    digits = commit(tmp_path)
    (folder / "pyproject.toml").write_text('[tool.bud]\nprefix = "acme"\n')
    assert f"pyproject.toml of {digits} cannot be read" in cannot(folder, digits)


def test_other_files_are_no_action_files(tmp_path: Path) -> None:
    folder = make_repository(tmp_path, "greet")
    integration = folder / "actions/acme_actions/integration"
    (integration / "greet.py").write_text("")
    (integration / "__pycache__").mkdir()
    (integration / "__pycache__/greet.yaml").write_text("")
    commit(tmp_path)
    assert list(baseline(folder, "HEAD").sources) == ["actions/acme_actions/integration/greet.yaml"]


@pytest.mark.parametrize("against", ["", " "])
def test_no_name_at_all_is_refused(tmp_path: Path, against: str) -> None:
    folder = make_repository(tmp_path, "greet")
    with pytest.raises(BaselineError, match="--against is empty"):
        baseline(folder, against)
