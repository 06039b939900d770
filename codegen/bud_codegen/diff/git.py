"""Read a project as git keeps it at a ref; the work tree is neither read nor touched."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path


class GitError(Exception):
    """Git cannot say what is asked; the message says what to do."""


def open_repository(folder: Path) -> "Repository":
    """Return the repository around a folder. Raises GitError if there is none, or no git."""
    repository = Repository(folder)
    found = repository.run("rev-parse", "--git-dir")
    if found.returncode != 0:
        raise GitError(f"{folder}: git says: {_last_line(found.stderr)}")
    return repository


@dataclass(frozen=True, slots=True)
class Repository:
    """The git repository around a folder, which may be a subfolder of it."""

    folder: Path

    def commit(self, ref: str) -> str | None:
        """Return the commit that a ref names, in hex; None if it names none."""
        if ref.startswith("-") or not ref.isprintable():
            return None
        found = self.run("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        return found.stdout.decode().strip() if found.returncode == 0 else None

    def merge_base(self, ref: str) -> str:
        """Return the commit at which HEAD and a ref parted. Raises GitError if none is known."""
        found = self.run("merge-base", "HEAD", ref)
        if found.returncode != 0:
            hint = self.advice_on_depth() or "say what to compare with: --against REF"
            raise GitError(f"HEAD and {ref} have no commit in common here; {hint}")
        return found.stdout.decode().split()[0]

    def advice_on_depth(self) -> str | None:
        """Return what to do about a shallow clone; None for a whole one."""
        if self.run("rev-parse", "--is-shallow-repository").stdout.strip() != b"true":
            return None
        return "this clone is shallow: git fetch --unshallow, or fetch-depth: 0 for actions/checkout"

    def files(self, commit: str, *paths: str) -> dict[str, bytes]:
        """Return {path: content} of the files at, or below, paths relative to the folder. Raises GitError."""
        listed = self._output("--literal-pathspecs", "ls-tree", "-r", "-z", commit, "--", *paths)
        ids: dict[str, bytes] = {}
        for entry in filter(None, listed.split(b"\0")):
            about, _, path = entry.partition(b"\t")
            _mode, kind, blob = about.split()
            if kind == b"blob":
                ids[os.fsdecode(path)] = blob
        return dict(zip(ids, self._contents(list(ids.values())), strict=True))

    def _contents(self, blobs: Sequence[bytes]) -> Iterator[bytes]:
        answer = self._output("cat-file", "--batch", given=b"".join(blob + b"\n" for blob in blobs))
        start = 0
        for blob in blobs:
            end = answer.index(b"\n", start)
            _, kind, *size = answer[start:end].split()
            if kind != b"blob":
                raise GitError(f"git does not have the file {blob.decode()}: {self.advice_on_depth() or 'git fsck'}")
            start = end + 1 + int(size[0]) + 1
            yield answer[end + 1 : start - 1]

    def _output(self, *arguments: str, given: bytes = b"") -> bytes:
        done = self.run(*arguments, given=given)
        if done.returncode != 0:
            raise GitError(f"git says: {_last_line(done.stderr)}")
        return done.stdout

    def run(self, *arguments: str, given: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
        """Run git in the folder. Raises GitError if there is no git."""
        command = ["git", "-C", str(self.folder), *arguments]
        environment = {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
        try:
            return subprocess.run(command, input=given, capture_output=True, env=environment, check=False)  # noqa: S603
        except FileNotFoundError as error:
            raise GitError("git is not installed; install it, or compare with a folder: --against DIR") from error


def _last_line(text: bytes) -> str:
    lines = text.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "nothing"
