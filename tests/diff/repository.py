"""Projects in git repositories."""

import os
import subprocess
from pathlib import Path

from tests.support.project import make_project

WHO = {
    f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in (("NAME", "A"), ("EMAIL", "a@b"))
}


def git(folder: Path, *arguments: str) -> str:
    environment = {**os.environ, **WHO, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def make_repository(root: Path, *types: str, project: str = ".") -> Path:
    """Write a project into a new repository with the branch main, commit it, and return the project's folder."""
    folder = root / project
    make_project(folder, *types)
    git(root, "init", "-q", "-b", "main")
    commit(root)
    return folder


def commit(root: Path) -> str:
    """Commit everything, and return the commit's first digits as they are shown."""
    git(root, "add", "--all")
    git(root, "commit", "-q", "--allow-empty", "-m", "a change")
    return git(root, "rev-parse", "HEAD")[:7]
