"""Write a change to disk: all of it, or nothing."""

import os
import shutil
from pathlib import Path

from bud_codegen.edit.change import Change
from bud_codegen.workspace import Workspace, WorkspaceError


def store(workspace: Workspace, change: Change) -> None:
    """Write and move what a change says. Raises WorkspaceError, everything being as it was, if that fails."""
    _refuse_surprises(workspace, change)
    root, staged = workspace.root, list[Path]()
    try:
        for old, new in _moves(change):
            staged.append(_staged(root / old, root / new, change.after[new]))
        for temporary, (old, new) in zip(staged, _moves(change), strict=True):
            temporary.replace((root / new).resolve())
            if old != new:
                (root / old).unlink()
    except OSError as error:
        _restore(root, change)
        message = f"{error.filename} cannot be written: {error.strerror}; everything is as it was"
        raise WorkspaceError(message) from error
    finally:
        for temporary in staged:
            temporary.unlink(missing_ok=True)


def _moves(change: Change) -> list[tuple[str, str]]:
    return [(path, change.moved.get(path, path)) for path in change.before]


def _refuse_surprises(workspace: Workspace, change: Change) -> None:
    for old, new in _moves(change):
        if old != new and (workspace.root / new).exists():
            raise WorkspaceError(f"{new} is already there; nothing was written")
        if workspace.read(old) != change.before[old]:
            raise WorkspaceError(f"{old} has changed meanwhile; nothing was written, so run the command again")


def _staged(like: Path, target: Path, content: bytes) -> Path:
    """Write a content beside its target, with the permissions of another file, and return where."""
    target = target.resolve()
    temporary = target.with_name(f".{target.name}.{os.getpid()}.part")
    temporary.write_bytes(content)
    shutil.copymode(like, temporary)
    return temporary


def _restore(root: Path, change: Change) -> None:
    """Undo what has been done so far."""
    for old, new in _moves(change):
        if old != new:
            (root / new).unlink(missing_ok=True)
        path = root / old
        if not path.exists() or path.read_bytes() != change.before[old]:
            path.write_bytes(change.before[old])
