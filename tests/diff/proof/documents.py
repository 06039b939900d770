"""The actions that mutations start from: written for them, of the golden projects, the real ones, and odd ones."""

import json
from functools import cache
from pathlib import Path

from bud_codegen import api
from bud_codegen.load import load
from bud_codegen.model import Project
from bud_schemas import shapes
from tests.diff.proof.picking import Document
from tests.diff.proof.uses import Uses

TESTS = Path(__file__).parents[2]
FOLDER = Path(__file__).parent / "actions"
OWN = tuple(sorted(FOLDER.glob("*.yaml")))
GOLDEN = tuple(
    sorted(path for path in (TESTS / "golden").glob("*/in/actions/*/*/*.yaml") if (path.parents[4] / "out").exists())
)
REAL = tuple(sorted((TESTS.parent / "actions" / "bud_actions").glob("*/*.yaml")))
DRAWN = FOLDER / "drawn.jsonl"
"""Documents that tests/strategies.py drew once, so that a seed means the same in every run."""
PROJECT = Project("drawn")


@cache
def base_documents() -> tuple[Document, ...]:
    """Return the documents of many different actions that are valid and can be used."""
    written = [load(str(path), path.read_text(encoding="utf-8")).data for path in (*OWN, *OWN, *OWN, *GOLDEN, *REAL)]
    drawn = [json.loads(line) for line in DRAWN.read_text(encoding="utf-8").splitlines()]
    return tuple(each for each in (*written, *drawn) if _is_valid(each) and Uses(shapes.complete(each)).can_be_used)


def _is_valid(document: Document) -> bool:
    """Whether the language accepts a document that stands alone."""
    alone = {key: value for key, value in document.items() if key != "deprecated"}
    path = f"{PROJECT.actions}/builtin/{document['type']}.yaml"
    found = api.lint({path: json.dumps(alone, ensure_ascii=False)}, PROJECT)
    return found is None or not any(problem.is_error for problem in found.problems)
