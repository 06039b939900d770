"""Folders of small projects, each named after its claim: what goes in, and what comes out.

`in/` is a project's root. `out/` holds those of its generated files and scaffolds that show the claim, `problems.txt`
what a person reads instead if the files are wrong. `UPDATE_GOLDEN=1` rewrites the files that are there; a new one is
made by hand, empty.
"""

import os
from pathlib import Path

import pytest

from bud_codegen import api, report
from bud_codegen.problem import InvalidActionsError
from bud_codegen.workspace import open_workspace

GOLDEN = Path(__file__).parent / "golden"
CASES = sorted(path.name for path in GOLDEN.iterdir() if path.is_dir())
IS_UPDATE = os.environ.get("UPDATE_GOLDEN") == "1"


@pytest.mark.parametrize("name", CASES)
def test_golden(name: str) -> None:
    folder = GOLDEN / name
    found = _answer(folder / "in")
    expected = _expected(folder)
    assert expected, "a case without expectations"
    assert expected.keys() <= found.keys(), "files that are not generated"
    if IS_UPDATE:
        for path in expected:
            (folder / path).write_bytes(found[path])
    else:
        for path, content in expected.items():
            assert found[path].decode() == content.decode(), path


def _answer(root: Path) -> dict[str, bytes]:
    """Return everything that a project gives, by path in the case's folder."""
    workspace = open_workspace(root)
    sources = workspace.read_sources()
    try:
        made = api.generation(api.load_catalog(sources, workspace.project))
    except InvalidActionsError as error:
        return {"problems.txt": f"{report.as_text(error.problems, sources)}\n".encode()}
    return {f"out/{path}": content for path, content in {**made.files, **made.scaffolds}.items()}


def _expected(folder: Path) -> dict[str, bytes]:
    paths = [*(folder / "out").rglob("*"), folder / "problems.txt"]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths if path.is_file()}


def test_there_are_cases() -> None:
    assert len(CASES) >= 14
